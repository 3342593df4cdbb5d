"""What the source asks of its spiders; a step of `scrapy.crawl` may say otherwise."""

BOT_NAME = "atlasreg"
SPIDER_MODULES = ["atlasreg_scrapers.spiders"]
ROBOTSTXT_OBEY = True
DOWNLOAD_DELAY = 5
USER_AGENT = "AtlasReg/2.0 by ness."
TELNETCONSOLE_ENABLED = False
# A site that is not there is the step's to try again, which waits longer.
RETRY_TIMES = 1
DOWNLOAD_TIMEOUT = 60
FEED_EXPORT_ENCODING = "utf-8"
