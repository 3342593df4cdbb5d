# Excavators and executors of ORÁCULO. They keep nothing between two orders, so any number of them may run.
#   docker build -f deploy/oraculo-worker.Dockerfile -t oraculo-worker .
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates python3 python3-amqp \
    && rm -rf /var/lib/apt/lists/* && useradd --system --uid 10001 --shell /usr/sbin/nologin oraculo \
    && install --directory --owner=10001 --group=10001 /srv/arquivos
COPY blueprints/oraculo/workers /srv/oraculo/workers
COPY blueprints/oraculo/schemas /srv/oraculo/schemas
USER 10001
ENTRYPOINT ["python3", "-B", "-u"]
