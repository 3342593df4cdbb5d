"""Notices of a regulator with an API, such as ANEEL's."""

from atlasreg_scrapers.spiders import SourceSpider


class AneelNews(SourceSpider):
    name = "aneel_news"

    def parse(self, response):
        for item in response.json()["items"]:
            yield self.document(item["id"], item["titulo"], response.urljoin(item["url"]), item["data"])
