# Two images on one base: `broker` (Debian's mosquitto) and `headland` (station, gateway and simulators).
# The base must be Debian with Python 3.11 or newer and the venv module.
ARG BASE_IMAGE=docker.io/library/python:3.13-slim@sha256:9662417aace5ae7b8e2609cce472b72a8958e134ba372808abe9cc1a0c0125e6

FROM ${BASE_IMAGE} AS base
RUN useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin headland

FROM base AS broker
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends mosquitto \
    && rm -rf /var/lib/apt/lists/* \
    && mkdir -p /run/headland/ingest /run/headland/gw-1 /run/headland/home-assistant \
    && chown -R headland: /run/headland /var/lib/mosquitto
COPY deploy/mosquitto.conf deploy/mosquitto.acl deploy/broker.sh /etc/headland/
RUN chown -R headland: /etc/headland && chmod 0700 /etc/headland/*
USER headland
CMD ["/etc/headland/broker.sh"]

FROM base AS build
WORKDIR /src
COPY requirements/installer.lock requirements/run.lock requirements/
RUN python3 -m venv /opt/headland \
    && /opt/headland/bin/pip install --quiet --require-hashes -r requirements/installer.lock \
    && UV_SYSTEM_CERTS=true /opt/headland/bin/uv pip install --quiet --no-cache --python /opt/headland/bin/python \
        --require-hashes -r requirements/run.lock
COPY deploy/notices.py deploy/notices.py
COPY pyproject.toml README.md SECURITY.md LICENSE hatch_build.py mkdocs.yml ./
COPY headland headland
COPY edge edge
COPY ingest ingest
COPY api api
COPY firmware_sim firmware_sim
COPY station station
COPY docs docs
COPY dashboard/src/notes dashboard/src/notes
COPY tests/runtime/extensions tests/runtime/extensions
# The help pages are built once, into the wheel; what only their build needs does not stay.
RUN NO_MKDOCS_2_WARNING=1 /opt/headland/bin/python -m mkdocs build --quiet --strict \
    && /opt/headland/bin/uv pip install --quiet --no-cache --python /opt/headland/bin/python \
        --no-deps --no-build-isolation --compile-bytecode . \
    && /opt/headland/bin/pip uninstall --quiet --yes uv mkdocs-material babel \
    && mkdir -p /opt/headland/share/doc/headland \
    && /opt/headland/bin/python deploy/notices.py /opt/headland/lib/python3*/site-packages \
        > /opt/headland/share/doc/headland/THIRD_PARTY_NOTICES

FROM base AS headland
COPY --from=build /opt/headland /opt/headland
COPY deploy/edge.toml deploy/gateway.sh /etc/headland/
RUN mkdir -p /var/lib/headland /run/headland/ingest /run/headland/gw-1 \
    && chown -R headland: /var/lib/headland /run/headland
ENV PATH=/opt/headland/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER headland
CMD ["headland", "--help"]
