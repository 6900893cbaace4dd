"""Services that speak HTTP: search engines, databases, clusters, imaging servers.

Each is recognised by what its first page or headers say; then one question is asked whose answer
holds names or numbers only. The products' own documentation gives the addresses and the answers.
"""

from __future__ import annotations

import http.client
import io
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from cnilcheck import __version__
from cnilcheck.collectors.listings import parsed_json
from cnilcheck.collectors.service_probes import databases
from cnilcheck.collectors.service_probes.conversation import (
    SECONDS,
    Door,
    Service,
    SignIn,
    counted,
    version_in,
    words,
)
from cnilcheck.collectors.transport import tls_context
from cnilcheck.model.facts import Holding, HoldingKind

_TLS_PORTS = frozenset((443, 2376, 6443, 8443, 10250))


@dataclass(frozen=True)
class Reply:
    """The head of an HTTP answer, its body up to the cap, and whether it came over TLS."""

    status: int
    headers: dict[str, str]
    body: bytes
    tls: bool

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> object:
        """The body as JSON, or None."""
        return parsed_json(self.text)

    @property
    def everything(self) -> str:
        """Headers and the start of the body, in which products sign."""
        heads = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{heads}\n\n{self.text[:8000]}"

    def value(self, *names: str) -> object:
        """Return the value at the end of that path of names in the JSON, or None."""
        found = self.json
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found


def ask_http(
    door: Door, path: str, *, post: bytes | None = None, tls: bool = False
) -> Reply | None:
    """Return the answer to one request, or None when it is no HTTP."""
    return _parsed(_exchange(door, _request(door, path, post), tls), tls)


def _request(door: Door, path: str, post: bytes | None = None) -> bytes:
    host = f"[{door.host}]" if ":" in door.host else door.host
    lines = [
        f"{'GET' if post is None else 'POST'} {path} HTTP/1.1", f"Host: {host}:{door.port}",
        f"User-Agent: cnilcheck/{__version__}", "Accept: */*", "Accept-Encoding: identity",
        "Connection: close",
    ]  # fmt: skip
    if post is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(post)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (post or b"")


def _exchange(door: Door, request: bytes, tls: bool) -> bytes:
    if not tls:
        return door.ask(request, lambda _: False)
    try:
        with door.open() as talk, tls_context().wrap_socket(talk.line) as wrapped:
            talk.line = wrapped
            return talk.ask(request, lambda _: False)
    except (OSError, ssl.SSLError, ValueError):
        return b""


class _Heard:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _parsed(raw: bytes, tls: bool) -> Reply | None:
    if not raw.startswith(b"HTTP/1."):
        return None
    response = http.client.HTTPResponse(_Heard(raw))  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except http.client.IncompleteRead as cut:
        body = cut.partial
    except (http.client.HTTPException, ValueError, OSError):
        return None
    return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, body, tls)


@dataclass(frozen=True)
class Product:
    """A service that speaks HTTP: what it signs with, and what its answers to a stranger say."""

    name: str
    signs: re.Pattern[str]
    judge: Callable[[Door, Reply], Service]
    ports: tuple[int, ...] = ()
    first: str = "/"
    """What is asked on its own ports where the first page did not tell."""
    sure: bool = True
    """Whether the sign alone proves the product."""


def web_service(door: Door) -> Service | None:
    """Return what a port says that speaks HTTP, or HTTPS; None when it speaks neither."""
    root = _root(door)
    if root is None:
        return None
    for product in PRODUCTS:
        if product.signs.search(root.everything):
            service = product.judge(door, root)
            # A sign that any page could bear convinces only with the product's own answer.
            if service.sign_in != "unknown" or product.sure:
                return _told(service, root)
    likely = [p for p in PRODUCTS if door.port in p.ports and p.first != "/"]
    asked = [p.first for p in likely] or (["/version"] if root.status == 404 else [])
    for path in dict.fromkeys(asked):
        reply = ask_http(door, path, tls=root.tls)
        for product in PRODUCTS if reply is not None else ():
            if reply is not None and product.signs.search(reply.everything):
                return _told(product.judge(door, reply), root)
    if door.port in (10250, 10255):
        return _told(_kubelet(door, root), root)
    server = words(root.headers.get("server", "").encode(), 60)
    return Service("https" if root.tls else "http", server)


def _root(door: Door) -> Reply | None:
    """Return the first page, in clear or over TLS: servers tell a plain question in many ways."""
    if door.port in _TLS_PORTS:
        return ask_http(door, "/", tls=True) or ask_http(door, "/")
    began = time.monotonic()
    raw = _exchange(door, _request(door, "/"), tls=False)
    # A TLS server ends a conversation in clear by an alert (content type 21), or just ends it.
    ended = not raw and time.monotonic() - began < SECONDS * 0.9
    if raw[:1] == b"\x15" or ended:
        return ask_http(door, "/", tls=True)
    reply = _parsed(raw, tls=False)
    if reply and reply.status == 400 and re.search(r"(?i)https|\btls\b|\bssl\b", reply.text[:2000]):
        return ask_http(door, "/", tls=True) or reply
    return reply


def _told(service: Service, root: Reply) -> Service:
    return Service(
        service.name, service.product, service.data, service.sign_in, root.tls, not root.tls,
        service.holds, service.dialects, service.unasked,
    )  # fmt: skip


def _sign_in(reply: Reply | None, *, proof: bool) -> SignIn:
    if reply is not None and reply.status in (401, 403):
        return "credentials"
    return "none" if reply is not None and reply.status == 200 and proof else "unknown"


def _named(label: str, version: object) -> str:
    found = version_in(str(version).encode()) if isinstance(version, str) else ""
    return f"{label} {found}".strip()


def _size(kind: HoldingKind, value: object) -> tuple[Holding, ...]:
    return counted(kind, len(value)) if isinstance(value, list | dict) else ()


def _elasticsearch(door: Door, root: Reply) -> Service:
    opensearch = "opensearch" in root.everything.lower()
    label = "OpenSearch" if opensearch else "Elasticsearch"
    indices = ask_http(door, "/_cat/indices?format=json&h=index,docs.count", tls=root.tls)
    listed = indices.json if indices else None
    sign_in = _sign_in(indices, proof=isinstance(listed, list))
    product = _named(label, root.value("version", "number"))
    documents = 0
    for row in listed if isinstance(listed, list) else ():
        number = str(row.get("docs.count", "")) if isinstance(row, dict) else ""
        documents += (
            int(number) if number.isascii() and number.isdigit() and len(number) < 15 else 0
        )
    holds = (*_size("indexes", listed), *counted("entries", documents)) if sign_in == "none" else ()
    return Service("elasticsearch", product, True, sign_in, holds=holds)


def _couchdb(door: Door, root: Reply) -> Service:
    listed = ask_http(door, "/_all_dbs", tls=root.tls)
    names = listed.json if listed else None
    sign_in = _sign_in(listed, proof=isinstance(names, list))
    product = _named("CouchDB", root.value("version"))
    return Service("couchdb", product, True, sign_in, holds=_size("databases", names))


def _influxdb(door: Door, root: Reply) -> Service:
    listed = ask_http(door, "/query?q=" + quote("SHOW DATABASES"), tls=root.tls)
    names = re.findall(r'\["([^"]{1,200})"\]', listed.text) if listed else []
    proof = listed is not None and '"results"' in listed.text and '"error"' not in listed.text
    product = _named("InfluxDB", root.headers.get("x-influxdb-version"))
    holds = counted("databases", len(names)) if proof else ()
    return Service("influxdb", product, True, _sign_in(listed, proof=proof), holds=holds)


def _clickhouse(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/?query=" + quote("SELECT count() FROM system.databases"), tls=root.tls)
    number = asked.text.strip() if asked else ""
    proof = number.isascii() and number.isdigit()
    refused = asked is not None and re.search(
        r"(?i)authentication failed|REQUIRED_PASSWORD", asked.text
    )
    sign_in: SignIn = "credentials" if refused else _sign_in(asked, proof=proof)
    holds = counted("databases", int(number)) if sign_in == "none" and len(number) < 9 else ()
    return Service("clickhouse", "ClickHouse", True, sign_in, holds=holds)


def _etcd(door: Door, reply: Reply) -> Service:
    body = b'{"key":"AA==","range_end":"AA==","count_only":true}'
    asked = ask_http(door, "/v3/kv/range", post=body, tls=reply.tls)
    count = asked.value("count") if asked else None
    proof = asked is not None and asked.value("header", "cluster_id") is not None
    refused = asked is not None and re.search(r"user name is empty|permission denied", asked.text)
    sign_in: SignIn = "credentials" if refused else _sign_in(asked, proof=proof)
    keys = int(count) if isinstance(count, str) and count.isdigit() and len(count) < 15 else 0
    product = _named("etcd", reply.value("etcdserver"))
    return Service("etcd", product, True, sign_in, holds=counted("keys", keys) if proof else ())


def _docker(door: Door, root: Reply) -> Service:
    # The Docker API knows no sign-in but a client's certificate: who may ask may command.
    asked = ask_http(door, "/version", tls=root.tls)
    proof = asked is not None and isinstance(asked.value("ApiVersion"), str)
    product = _named("Docker", asked.value("Version") if asked else None)
    return Service("docker", product, True, _sign_in(asked, proof=proof))


def _kubernetes(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/api/v1/namespaces?limit=1", tls=root.tls)
    proof = asked is not None and '"NamespaceList"' in asked.text[:4000]
    version = ask_http(door, "/version", tls=root.tls)
    product = _named("Kubernetes", version.value("gitVersion") if version else None)
    return Service("kubernetes", product, True, _sign_in(asked, proof=proof))


def _kubelet(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/pods", tls=root.tls)
    proof = (
        asked is not None and re.match(r'\s*\{\s*"kind"\s*:\s*"PodList"', asked.text) is not None
    )
    return Service("kubelet", "Kubernetes (kubelet)", True, _sign_in(asked, proof=proof))


def _consul(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/v1/agent/self", tls=root.tls)
    proof = asked is not None and asked.value("Config") is not None
    product = _named("Consul", asked.value("Config", "Version") if asked else None)
    return Service("consul", product, True, _sign_in(asked, proof=proof))


def _orthanc(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/statistics", tls=root.tls)
    patients = asked.value("CountPatients") if asked else None
    studies = asked.value("CountStudies") if asked else None
    known = isinstance(patients, int) and isinstance(studies, int)
    holds = (Holding("patients", patients), Holding("studies", studies)) if known else ()  # type: ignore[arg-type]
    return Service("orthanc", "Orthanc", True, _sign_in(asked, proof=known), holds=holds)


def _fhir(door: Door, root: Reply) -> Service:
    base = re.search(r"(?i)/(fhir(?:/R4)?|baseR4)\b", root.text)
    path = f"/{base[1]}" if base else "/fhir"
    asked = ask_http(door, f"{path}/Patient?_summary=count", tls=root.tls)
    total = asked.value("total") if asked else None
    bundle = asked is not None and asked.value("resourceType") == "Bundle"
    holds = counted("patients", total) if isinstance(total, int) else ()
    return Service("fhir", "FHIR", True, _sign_in(asked, proof=bundle and bool(holds)), holds=holds)


def _rabbitmq(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/api/overview", tls=root.tls)
    proof = asked is not None and asked.value("rabbitmq_version") is not None
    return Service("rabbitmq-management", "RabbitMQ", True, _sign_in(asked, proof=proof))


def _solr(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/solr/admin/cores?action=STATUS&indexInfo=false&wt=json", tls=root.tls)
    cores = asked.value("status") if asked else None
    sign_in = _sign_in(asked, proof=isinstance(cores, dict))
    return Service("solr", "Solr", True, sign_in, holds=_size("indexes", cores))


def _storage(door: Door, root: Reply) -> Service:
    listed = "<ListAllMyBucketsResult" in root.text or "<ListBucketResult" in root.text
    names = root.text.count("<Bucket>")
    holds = counted("buckets", names) if listed and names else ()
    return Service("s3", "S3", True, _sign_in(root, proof=listed), holds=holds)


def _prometheus(door: Door, root: Reply) -> Service:
    asked = ask_http(door, "/api/v1/status/buildinfo", tls=root.tls)
    proof = asked is not None and asked.value("status") == "success"
    product = _named("Prometheus", asked.value("data", "version") if asked else None)
    return Service("prometheus", product, True, _sign_in(asked, proof=proof))


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.MULTILINE)


PRODUCTS: tuple[Product, ...] = (
    Product(
        "elasticsearch",
        _pattern(
            r"\"tagline\"\s*:\s*\"(?:You Know, for Search|The OpenSearch Project)"
            r"|^x-elastic-product: |\"security_exception\"|OpenSearch Security"
        ),
        _elasticsearch,
    ),
    Product("couchdb", _pattern(r"\"couchdb\"\s*:\s*\"Welcome\"|server: CouchDB"), _couchdb),
    Product("influxdb", _pattern(r"x-influxdb-version: "), _influxdb, (8086,), "/ping"),
    Product("clickhouse", _pattern(r"^x-clickhouse-"), _clickhouse, (8123,), "/ping"),
    Product(
        "clickhouse",
        _pattern(r"is for clickhouse-client program"),
        lambda door, _: databases.clickhouse(door) or Service("clickhouse"),
    ),
    Product("etcd", _pattern(r"\"etcdserver\"\s*:"), _etcd, (2379,), "/version"),
    Product(
        "docker",
        _pattern(r"server: Docker/|\"MinAPIVersion\"|api-version: 1\.\d"),
        _docker,
        (2375, 2376),
        "/version",
    ),
    Product(
        "kubernetes",
        _pattern(
            r"\"kind\"\s*:\s*\"Status\"[^}]*\"apiVersion\"\s*:\s*\"v1\"|\"gitVersion\"\s*:"
            r"|\"paths\"\s*:\s*\[[^\]]{0,200}\"/api/v1\""
        ),
        _kubernetes,
        (6443,),
        "/version",
    ),
    Product("consul", _pattern(r"^x-consul-"), _consul, (8500,), "/v1/agent/self"),
    Product(
        "orthanc",
        _pattern(r"^server: Orthanc|realm=\"Orthanc|^location: app/explorer\.html"),
        _orthanc,
        (8042,),
        "/statistics",
    ),
    Product("fhir", _pattern(r"<title>[^<]{0,60}HAPI FHIR|\"fhirVersion\"\s*:"), _fhir, sure=False),
    Product("rabbitmq-management", _pattern(r"<title>RabbitMQ Management"), _rabbitmq),
    Product("solr", _pattern(r"location: [^\n]{0,200}/solr/|<title>Solr Admin"), _solr, sure=False),
    Product("s3", _pattern(r"server: MinIO|<ListAllMyBucketsResult"), _storage),
    Product(
        "prometheus",
        _pattern(r"<title>Prometheus Time Series|location: /(?:graph|query)\b"),
        _prometheus,
        (9090,),
        sure=False,
    ),
)
