"""Accounts whose password is empty, or the one the product came with."""

from __future__ import annotations

from decisions.deployment import Deployment
from decisions.harness import Place, at, renders

_SNAPSHOT = "snapshot"


def _at(path: str) -> Place:
    return at(_SNAPSHOT, path)


@renders("default-password", "config")
def root_without_password_in_a_dump(deployment: Deployment) -> Place:
    """The database's own table of accounts, dumped: root has no password."""
    name = deployment.pick("mysql", "accounts", "all-databases")
    path = f"{deployment.pick('/root/dumps', '/srv/backup', '/opt/sauvegarde')}/{name}.sql"
    host = deployment.pick("%", "10.0.%", "localhost")
    digest = "*" + deployment.draw.randbytes(20).hex().upper()
    root = digest if deployment.mended else ""
    user = deployment.pick("clinic", "vastaamo_app", "dossiers")
    deployment.system(
        path,
        "-- MariaDB dump 10.19\nUSE `mysql`;\n"
        "CREATE TABLE `user` (\n  `Host` char(60),\n  `User` char(80),\n  `plugin` char(64),\n"
        "  `authentication_string` text\n);\n"
        "INSERT INTO `user` (`Host`,`User`,`plugin`,`authentication_string`) VALUES\n"
        f"('{host}','root','mysql_native_password','{root}'),\n"
        f"('10.0.%','{user}','mysql_native_password','{digest}');\n",
    )
    return _at(path)


@renders("default-password", "config")
def root_created_without_password(deployment: Deployment) -> Place:
    """The script that sets the database up creates root without a password."""
    path = deployment.pick("/srv/deploy/init.sql", "/opt/base/01-accounts.sql", "/root/grants.sql")
    host = deployment.pick("%", "192.168.%")
    old = deployment.pick(True, False)
    secret = "*" + deployment.draw.randbytes(20).hex().upper()
    if deployment.mended:
        root = f"CREATE USER 'root'@'{host}' IDENTIFIED BY PASSWORD '{secret}';"
    elif old:
        root = f"GRANT ALL PRIVILEGES ON *.* TO 'root'@'{host}' IDENTIFIED BY '' WITH GRANT OPTION;"
    else:
        root = f"CREATE USER 'root'@'{host}';"
    deployment.system(
        path,
        f"{root}\nCREATE USER 'app'@'10.%' IDENTIFIED BY PASSWORD '{secret}';\n"
        f"CREATE USER 'backup'@'localhost' IDENTIFIED VIA unix_socket;\n"
        f"GRANT SELECT ON clinic.* TO 'app'@'10.%';\n",
    )
    return _at(path)


@renders("default-password", "config")
def started_with_a_known_password(deployment: Deployment) -> Place:
    """Containers start a database with an empty password, or with the one of the manual."""
    folder = deployment.pick("/srv/clinic", "/opt/stack", "/home/deploy/app")
    name = deployment.pick("docker-compose.yml", "compose.yaml")
    image, variable, weak = deployment.pick(
        ("mysql:5.7", "MYSQL_ALLOW_EMPTY_PASSWORD", "yes"),
        ("mariadb:10.6", "MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", "1"),
        ("mysql:8", "MYSQL_ROOT_PASSWORD", "root"),
        ("postgres:16", "POSTGRES_PASSWORD", "postgres"),
        ("mongo:7", "MONGO_INITDB_ROOT_PASSWORD", "example"),
    )
    listed = deployment.pick(True, False)
    if deployment.mended:
        variable = variable.replace("ALLOW_EMPTY_ROOT_", "ROOT_").replace("ALLOW_EMPTY_", "ROOT_")
        weak = deployment.pick("${DB_SECRET}", "${ROOT_SECRET:?}")
    entry = f"      - {variable}={weak}" if listed else f'      {variable}: "{weak}"'
    path = f"{folder}/{name}"
    deployment.system(
        path,
        f"services:\n  db:\n    image: {image}\n    environment:\n{entry}\n"
        "    networks: [inside]\n    logging: {driver: journald}\nnetworks:\n  inside: {}\n",
    )
    return _at(path)


@renders("default-password", "config")
def application_with_its_first_password(deployment: Deployment) -> Place:
    """An application server, an image server or an agent still opens with its first password."""
    kind = deployment.pick("tomcat", "orthanc", "snmp")
    secret = deployment.draw.randbytes(12).hex()
    word = secret if deployment.mended else None
    if kind == "tomcat":
        path = deployment.pick("/opt/tomcat/conf/tomcat-users.xml", "/etc/tomcat9/tomcat-users.xml")
        weak = deployment.pick("tomcat", "s3cret", "admin")
        text = (
            '<?xml version="1.0"?>\n<tomcat-users>\n'
            '  <!-- <user username="tomcat" password="tomcat" roles="manager-gui"/> -->\n'
            f'  <user username="deploy" password="{word or weak}" roles="manager-script"/>\n'
            "</tomcat-users>\n"
        )
    elif kind == "orthanc":
        path = "/etc/orthanc/orthanc.json"
        text = (
            '{\n  "Name": "PACS",\n  "RemoteAccessAllowed": true,\n'
            '  "AuthenticationEnabled": true,\n  "RegisteredUsers": {\n'
            f'    "{deployment.pick("orthanc", "admin")}": "{word or "orthanc"}"\n  }}\n}}\n'
        )
    else:
        path = "/etc/snmp/snmpd.conf"
        text = f"agentaddress udp:161\nrocommunity {word or 'public'} 10.0.0.0/8\n"
    deployment.system(path, text)
    return _at(path)
