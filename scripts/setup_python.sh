#!/usr/bin/env bash
# Makes .build/python, with what the SDK for Python and its bridges are tested with. Silent when it is there.
# Without it, as without a network, those tests are skipped and say so.
set -uo pipefail
cd "$(dirname "$0")/.."

# make_folder NAME PACKAGE...: a folder of its own below .build. Each of them wants other versions of the same.
make_folder() {
  local folder=.build/$1 wanted="${*:2}"
  if [[ -f $folder/made && $(<"$folder/made") == "$wanted" ]]; then return; fi
  python3 -m venv "$folder" &&
    "$folder/bin/pip" install --quiet --disable-pip-version-check "${@:2}" &&
    echo "$wanted" > "$folder/made"
}

make_folder python pytest==9.2.0 mypy==2.4.1 singer-python==2.1.4 target-jsonl==0.1.2 dagster-pipes==1.13.29 ||
  echo "The tests of the SDK for Python are skipped: its packages could not be installed." >&2
if make_folder airbyte airbyte-source-faker==7.2.1; then
  ln -sf ../../airbyte/bin/source-faker .build/python/bin/source-faker
else
  echo "The test with an Airbyte source is skipped: it could not be installed." >&2
fi
if make_folder singer tap-jsonl==0.3.1; then
  ln -sf ../../singer/bin/tap-jsonl .build/python/bin/tap-jsonl
else
  echo "The test with a Singer tap is skipped: it could not be installed." >&2
fi
exit 0
