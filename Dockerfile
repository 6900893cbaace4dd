# cnilcheck in a container: not as root, and nothing is fetched when it runs.
# For an image that never changes, write the digest you checked after the tag: python:...@sha256:...
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY requirements/run.txt requirements/run.txt
RUN python -m venv /opt/cnilcheck \
    && /opt/cnilcheck/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY rules rules
COPY reports reports
COPY src src
RUN /opt/cnilcheck/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim-bookworm
# The distribution mends its packages within a release: a pinned version would vanish from its mirrors.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends nmap openssh-client openssl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin audit
COPY --from=build /opt/cnilcheck /opt/cnilcheck
ENV PATH=/opt/cnilcheck/bin:$PATH
USER 10001
WORKDIR /audit
ENTRYPOINT ["cnilcheck"]
CMD ["--help"]
