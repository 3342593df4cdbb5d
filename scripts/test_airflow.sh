#!/usr/bin/env bash
# Runs the tests of `airflow.*` against real Airflow 2.10.5 and 3.1.5 from PyPI, which it starts on loopback one after
# the other and ends with all that they started. ONLY="2" or "3" for one of them. What it needs goes below .build once.
set -euo pipefail
cd "$(dirname "$0")/.."

place=$PWD/.build/airflow
declare -A wanted=([2]=apache-airflow==2.10.5 [3]=apache-airflow==3.1.5)
declare -A before=([2]=2025-02-20 [3]=2025-12-15)

# install MAJOR: with the packages of its time, which are those that it was released with.
install() {
  local folder=$place/af$1
  if [[ -f $folder/made && $(<"$folder/made") == "${wanted[$1]}" ]]; then return; fi
  [[ -x $place/uv/bin/uv ]] || { python3 -m venv "$place/uv" && "$place/uv/bin/pip" install --quiet uv==0.9.17; }
  "$place/uv/bin/uv" venv --quiet --clear --python python3 "$folder"
  "$place/uv/bin/uv" pip install --quiet --python "$folder/bin/python" "${wanted[$1]}" --exclude-newer "${before[$1]}"
  echo "${wanted[$1]}" > "$folder/made"
}

# stop PID: the process and all of its session.
stop() {
  kill -- "-$1" 2> /dev/null || true
  for _ in $(seq 100); do kill -0 -- "-$1" 2> /dev/null || return 0; sleep 0.1; done
  kill -KILL -- "-$1" 2> /dev/null || true
}

started=()
home=$(mktemp -d)
trap 'for pid in "${started[@]}"; do stop "$pid"; done; rm -rf "$home"' EXIT

# run MAJOR
run() {
  local major=$1 port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export AIRFLOW_HOME=$home/af$major AIRFLOW__CORE__LOAD_EXAMPLES=False AIRFLOW__LOGGING__LOGGING_LEVEL=WARN
  export AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False SCARF_ANALYTICS=false
  mkdir -p "$AIRFLOW_HOME/dags"
  cp Tests/ConnectorsTests/services/airflow_dags.py "$AIRFLOW_HOME/dags/"
  local url=http://127.0.0.1:$port airflow=$place/af$major/bin/airflow
  # Airflow starts its own parts by name.
  export PATH=$place/af$major/bin:$PATH
  if [[ $major == 2 ]]; then
    export AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.basic_auth AIRFLOW__CORE__EXECUTOR=SequentialExecutor
    export AIRFLOW__WEBSERVER__WORKERS=1 AIRFLOW__WEBSERVER__WEB_SERVER_HOST=127.0.0.1
    export AIRFLOW__WEBSERVER__WEB_SERVER_PORT=$port AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL=5
    "$airflow" db migrate > "$AIRFLOW_HOME/migrate.log" 2>&1
    "$airflow" users create -u admin -p admin -f a -l b -r Admin -e a@example.com > "$AIRFLOW_HOME/user.log" 2>&1
    setsid "$airflow" webserver > "$AIRFLOW_HOME/web.log" 2>&1 & started+=($!)
    setsid "$airflow" scheduler > "$AIRFLOW_HOME/scheduler.log" 2>&1 & started+=($!)
  else
    unset AIRFLOW__API__AUTH_BACKENDS AIRFLOW__CORE__EXECUTOR
    export AIRFLOW__API__PORT=$port AIRFLOW__API__HOST=127.0.0.1 AIRFLOW__API__BASE_URL=$url AIRFLOW__API__WORKERS=1
    export AIRFLOW__CORE__EXECUTION_API_SERVER_URL=$url/execution/ AIRFLOW__CORE__PARALLELISM=4
    # A fixed user for the simple sign-in; the file has its password.
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS=admin:admin
    export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=$AIRFLOW_HOME/passwords.json
    echo '{"admin": "admin"}' > "$AIRFLOW_HOME/passwords.json"
    setsid "$airflow" standalone > "$AIRFLOW_HOME/standalone.log" 2>&1 & started+=($!)
  fi
  echo "Airflow $major at $url"
  ESTEIRA_AIRFLOW=$url ESTEIRA_AIRFLOW_VERSION=$major scripts/test.sh --filter 'ConnectorsTests\.RealAirflowTests'
  for pid in "${started[@]}"; do stop "$pid"; done
  started=()
}

for major in ${ONLY:-2 3}; do
  install "$major"
  run "$major"
done
