"""Software that nobody has updated for years."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders


@renders("outdated-software", "remote")
def server_of_long_ago(deployment: Deployment) -> Place:
    """The banner tells a version ten years old of a branch that lives; mended, a recent one."""
    site = deployment.site()
    old = deployment.pick("2.4.7", "2.4.10", "2.4.25", "2.4.41")
    hidden = deployment.pick(True, False)
    site.banner = f"Apache/{old}"
    if deployment.mended:
        # The version is hidden with the update: telling it is a finding of its own.
        site.banner = "Apache" if hidden else "nginx"
    return at(site.url, "")


@renders("outdated-software", "config")
def system_without_fixes(deployment: Deployment) -> Place:
    """The copy of the server is of a system whose maker ended its fixes."""
    name, version, later = deployment.pick(
        ("Debian GNU/Linux", "8", "13"), ("Debian GNU/Linux", "9", "13"), ("CentOS Linux", "7", ""),
        ("Debian GNU/Linux", "10", "13"),
    )  # fmt: skip
    if deployment.mended:
        name, version = ("Debian GNU/Linux", later) if later else ("AlmaLinux", "9.6")
    path = deployment.pick("/etc/os-release", "/usr/lib/os-release")
    deployment.system(
        path, f'NAME="{name}"\nVERSION_ID="{version}"\nPRETTY_NAME="{name} {version}"\n'
    )
    return at("snapshot", path)
