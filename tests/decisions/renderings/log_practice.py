"""What is watched and read of the logs: alerts that nobody gets, logs that nobody reads."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_SNAPSHOT = "snapshot"


@renders("no-alerting", "config")
def watcher_that_tells_nobody(deployment: Deployment) -> Place:
    """Wazuh or Elastalert run, but no rule is on, or nobody is told."""
    if deployment.pick(True, False):
        return _wazuh(deployment)
    return _elastalert(deployment)


def _wazuh(deployment: Deployment) -> Place:
    path = "/var/ossec/etc/ossec.conf"
    to = deployment.pick("securite", "soc", "dsi")
    switched_off = deployment.pick(True, False)
    mail = f"<email_notification>yes</email_notification><email_to>{to}@hopital.example</email_to>"
    if not deployment.mended:
        mail = "<email_notification>no</email_notification>" if switched_off else ""
    deployment.system(
        path,
        "<ossec_config>\n <global>\n  <jsonout_output>yes</jsonout_output>\n"
        f"  {mail}\n </global>\n <ruleset>\n  <rule_dir>ruleset/rules</rule_dir>\n"
        "  <rule_dir>etc/rules</rule_dir>\n </ruleset>\n</ossec_config>\n",
    )
    return at(_SNAPSHOT, path)


def _elastalert(deployment: Deployment) -> Place:
    path = deployment.pick("/etc/elastalert/config.yaml", "/opt/elastalert/config.yml")
    folder = path.rpartition("/")[0]
    debug_only = deployment.pick(True, False)
    deployment.system(path, "rules_folder: rules\nrun_every:\n  minutes: 5\n")
    alert, on = "[email]", "true"
    if not deployment.mended:
        alert, on = ("[debug]", "true") if debug_only else ("[email]", "false")
    deployment.system(
        f"{folder}/rules/volume.yaml",
        f"name: lectures en masse\ntype: frequency\nis_enabled: {on}\nindex: acces-*\n"
        f"num_events: 500\ntimeframe: {{minutes: 10}}\nalert: {alert}\n"
        "email: [dsi@hopital.example]\n",
    )
    return at(_SNAPSHOT, path)


@renders("no-alerting", "declaration")
def no_alert_declared(deployment: Deployment) -> Place:
    """Asked whether abnormal behaviour raises an alert, people answer no."""
    deployment.declare("logging", alerting=deployment.mended)
    return Place("declarations", "")


@renders("logs-not-reviewed", "declaration")
def never_reviewed(deployment: Deployment) -> Place:
    """Asked how often the access log is looked at, people answer: never."""
    rhythm = deployment.pick("daily", "weekly", "monthly")
    deployment.declare("logging", reviewed=rhythm if deployment.mended else "never")
    return Place("declarations", "")


@renders("no-alerting", "declaration")
def nobody_is_told(deployment: Deployment) -> Place:
    """Asked whether anything raises an alert, people answer: nothing."""
    deployment.declare("logging", alerting=deployment.mended)
    return Place("declarations", "")
