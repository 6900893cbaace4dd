"""The instruments of an audit, in the order they are started."""

from __future__ import annotations

from cnilcheck.collectors.accounts import AccountLists
from cnilcheck.collectors.active_sign_in import ActiveSignIn
from cnilcheck.collectors.active_traces import ActiveTraces
from cnilcheck.collectors.applications import ApplicationConfiguration
from cnilcheck.collectors.base import Collector
from cnilcheck.collectors.certificate_copies import CertificateCopies
from cnilcheck.collectors.certificates import Certificates
from cnilcheck.collectors.cloud_access import CloudAccess
from cnilcheck.collectors.configured_hosts import ConfiguredHosts
from cnilcheck.collectors.data_samples import DataSamples
from cnilcheck.collectors.datagrams import Datagrams
from cnilcheck.collectors.declarations import (
    AuthenticationDeclarations,
    HostingDeclarations,
    LoggingDeclarations,
    SecurityDeclarations,
)
from cnilcheck.collectors.deposits import Deposits
from cnilcheck.collectors.documents import Documents
from cnilcheck.collectors.encryption_at_rest import EncryptionAtRest
from cnilcheck.collectors.environments import Environments
from cnilcheck.collectors.guarantees import GuaranteesPage
from cnilcheck.collectors.http_challenges import HttpChallenges
from cnilcheck.collectors.http_compression import PageCompression
from cnilcheck.collectors.identifiers import Identifiers
from cnilcheck.collectors.identity import HostingIntermediaries, NetworkIdentities
from cnilcheck.collectors.installed_software import InstalledSoftware
from cnilcheck.collectors.known_flaws import KnownFlawsOfPackages
from cnilcheck.collectors.logging_configuration import LoggingConfiguration
from cnilcheck.collectors.logrotate import LogRotation
from cnilcheck.collectors.logs import Logs
from cnilcheck.collectors.messages import Messages
from cnilcheck.collectors.mixed_content import MixedContents
from cnilcheck.collectors.network_separation import NetworkSeparations
from cnilcheck.collectors.openid import OpenIdProviders
from cnilcheck.collectors.operating_system import OperatingSystem
from cnilcheck.collectors.opportunistic import Opportunistic
from cnilcheck.collectors.page_manners import PageManners
from cnilcheck.collectors.page_recipients import PageRecipients
from cnilcheck.collectors.papers_asked import PapersRequests
from cnilcheck.collectors.password_code import PasswordCode
from cnilcheck.collectors.password_generators import PasswordGeneratorCode
from cnilcheck.collectors.password_samples import PasswordSamples
from cnilcheck.collectors.plain_http import MainPage
from cnilcheck.collectors.ports import Ports
from cnilcheck.collectors.postgresql import DatabaseConfiguration
from cnilcheck.collectors.saml import SamlDescriptions
from cnilcheck.collectors.secrets import SecretsInTree
from cnilcheck.collectors.security_contact import SecurityContacts
from cnilcheck.collectors.service_configuration import ServiceConfiguration
from cnilcheck.collectors.session_visits import SessionVisits
from cnilcheck.collectors.sign_in import SignIn
from cnilcheck.collectors.sign_in_configuration import SignInConfiguration
from cnilcheck.collectors.sign_in_switches import SignInSwitches
from cnilcheck.collectors.ssh import Ssh
from cnilcheck.collectors.sshd import SshConfiguration
from cnilcheck.collectors.store_configuration import StoreConfiguration
from cnilcheck.collectors.tenant_storage import TenantStorages
from cnilcheck.collectors.tls import TlsListener
from cnilcheck.collectors.tokens import TokenSamples, TokensSeen
from cnilcheck.collectors.web_exposure import WebExposure
from cnilcheck.collectors.web_server import WebServerConfiguration
from cnilcheck.collectors.zone_servers import ZoneServers


def collectors() -> tuple[Collector, ...]:
    """Return one of each instrument; the slow ones come first, so that the others run beside."""
    return (
        Certificates(),
        WebExposure(),
        Ports(),
        Datagrams(),
        TlsListener(),
        Logs(),
        Documents(),
        SignIn(),
        # First: afterwards the test account may be locked.
        ActiveTraces(),
        ActiveSignIn(),
        SessionVisits(),
        HttpChallenges(),
        OpenIdProviders(),
        SamlDescriptions(),
        TokensSeen(),
        MainPage(),
        Identifiers(),
        PageManners(),
        SecurityContacts(),
        PageCompression(),
        MixedContents(),
        Opportunistic(),
        Ssh(),
        NetworkIdentities(),
        ZoneServers(),
        PageRecipients(),
        ConfiguredHosts(),
        WebServerConfiguration(),
        OperatingSystem(),
        InstalledSoftware(),
        KnownFlawsOfPackages(),
        DatabaseConfiguration(),
        NetworkSeparations(),
        TenantStorages(),
        LogRotation(),
        LoggingConfiguration(),
        ServiceConfiguration(),
        StoreConfiguration(),
        SshConfiguration(),
        ApplicationConfiguration(),
        SignInConfiguration(),
        SignInSwitches(),
        AccountLists(),
        Messages(),
        PapersRequests(),
        CloudAccess(),
        Environments(),
        Deposits(),
        EncryptionAtRest(),
        SecretsInTree(),
        PasswordCode(),
        PasswordGeneratorCode(),
        PasswordSamples(),
        DataSamples(),
        TokenSamples(),
        HostingDeclarations(),
        HostingIntermediaries(),
        GuaranteesPage(),
        CertificateCopies(),
        AuthenticationDeclarations(),
        LoggingDeclarations(),
        SecurityDeclarations(),
    )
