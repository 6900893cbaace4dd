#!/bin/sh
# Start the new version beside the one in service, audit it, and put it in service only when
# nothing fails. Exits as cnilcheck does.
set -eu
cd "${1:-.}"
CNILCHECK=${CNILCHECK:-cnilcheck}
SCOPE=${CNILCHECK_SCOPE:-cnilcheck.yaml}

candidate() {
    HTTPS_PORT=8443 docker compose --project-name candidate "$@"
}

trap 'candidate down --volumes' EXIT
candidate up --detach --wait
"$CNILCHECK" scan --scope "$SCOPE" --out cnilcheck-audit --force --format junit,sarif
HTTPS_PORT=443 docker compose --project-name production up --detach --wait
