# The server with Scrapy for AtlasReg's spiders, and the workers of its Celery application: one image, two commands.
#   docker build -f deploy/atlasreg.Dockerfile -t esteira-atlasreg .
FROM esteira
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends python3-venv redis-tools \
    && rm -rf /var/lib/apt/lists/* && python3 -m venv /opt/atlasreg \
    && /opt/atlasreg/bin/pip install --no-cache-dir --disable-pip-version-check \
      scrapy==2.13.4 'celery[redis]==5.5.3' 'psycopg[binary]==3.2.13' boto3==1.40.76
COPY blueprints/atlasreg /srv/atlasreg
USER 10001
ENV PATH=/opt/atlasreg/bin:/usr/local/bin:/usr/bin:/bin SCRAPERS=/srv/atlasreg/crawlers \
    SCRAPY_PYTHON=/opt/atlasreg/bin/python
