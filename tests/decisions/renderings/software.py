"""Software that its maker no longer mends, where a stranger or a copy of the server tells it."""

from __future__ import annotations

import datetime as dt
import json

from cnilcheck.collectors.software import EndOfLife, ends_of_life
from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_BANNERS = ("PHP", "Apache HTTP Server", "OpenSSL", "Apache Tomcat")
_GENERATORS = ("Drupal", "Joomla!", "PrestaShop")
_LOCKED = ("Django", "Laravel", "Symfony")


def _entry(product: str) -> EndOfLife:
    return next(entry for entry in ends_of_life() if entry.product == product)


def _ended(deployment: Deployment, product: str) -> str:
    """A version of a branch that ended a year ago or more, with a last number of its own."""
    long_ago = deployment.day - dt.timedelta(days=365)
    ended = [b for b, day in _entry(product).branches.items() if day < long_ago]
    return f"{deployment.pick(*ended)}.{deployment.draw.randint(1, 18)}"


def _following(entry: EndOfLife) -> str:
    """A branch that is younger than any of the table."""
    known = (*entry.branches, *entry.unread)
    return f"{max(int(branch.split('.')[0]) for branch in known) + 1}.0"


@renders("outdated-software", "remote")
def told_by_the_server(deployment: Deployment) -> Place:
    """A header names an ended version; mended, nothing is named, as the update also hides it."""
    site, product = deployment.site(), deployment.pick(*_BANNERS)
    version = _ended(deployment, product)
    header = "X-Powered-By" if product == "PHP" else "Server"
    name = {"Apache HTTP Server": "Apache", "Apache Tomcat": "Apache Tomcat"}.get(product, product)
    if product == "OpenSSL":
        version = f"{version} PHP/{_ended(deployment, 'PHP')}"
    if not deployment.mended:
        if header == "Server":
            site.banner = f"{name}/{version}"
        else:
            site.headers[header] = f"{name}/{version}"
    return at(site.url, "/")


@renders("outdated-software", "remote")
def told_by_the_page(deployment: Deployment) -> Place:
    """The page's generator is a content manager of an ended branch."""
    site, product = deployment.site(), deployment.pick(*_GENERATORS)
    version = _ended(deployment, product)
    told = f"{product} {version}"
    if not deployment.mended:
        site.head.append(f'<meta name="generator" content="{told}">')
    return at(site.url, "/")


@renders("outdated-software", "config")
def locked_packages(deployment: Deployment) -> Place:
    """The lock file of an application holds a framework of an ended, or of the newest branch."""
    product = deployment.pick(*_LOCKED)
    entry, root = _entry(product), deployment.pick("/srv/app", "/var/www/html", "/opt/boutique")
    old, last = _ended(deployment, product), deployment.draw.randint(1, 9)
    version = f"{_following(entry)}.{last}" if deployment.mended else old
    ecosystem, _, package = entry.packages[0].partition("/")
    if ecosystem == "Packagist":
        other = {"name": "monolog/monolog", "version": "3.8.1"}
        lock = {"packages": [other, {"name": package, "version": f"v{version}"}]}
        path = deployment.system(f"{root}/composer.lock", json.dumps(lock, indent=1))
    else:
        path = deployment.system(
            f"{root}/requirements.txt", f"requests==2.32.5\n{package}=={version}\n"
        )
    return at("./snapshot/", path)


@renders("outdated-software", "config")
def installed_manager(deployment: Deployment) -> Place:
    """The tree of a content manager says its own version."""
    root = deployment.pick("/var/www/html", "/srv/www/boutique", "/var/www/site")
    product = deployment.pick("Drupal", "Joomla!", "PrestaShop")
    old, last = _ended(deployment, product), deployment.draw.randint(1, 4)
    version = f"{_following(_entry(product))}.{last}" if deployment.mended else old
    match product:
        case "Drupal":
            path, line = f"{root}/core/lib/Drupal.php", f"  const VERSION = '{version}';\n"
            text = f"<?php\nclass Drupal {{\n{line}}}\n"
        case "Joomla!":
            path = f"{root}/administrator/manifests/files/joomla.xml"
            text = f"<extension><name>files_joomla</name><version>{version}</version></extension>\n"
        case _:
            path = f"{root}/config/settings.inc.php"
            text = f"<?php\ndefine('_PS_VERSION_', '{version}');\n"
    return at("./snapshot/", deployment.system(path, text))
