"""The newsroom of a company that is watched: its feed."""

import email.utils

from atlasreg_scrapers.spiders import SourceSpider


class Newsroom(SourceSpider):
    name = "newsroom"

    def parse(self, response):
        for item in response.xpath("//item"):
            day = item.xpath("pubDate/text()").get()
            yield self.document(
                item.xpath("guid/text()").get() or item.xpath("link/text()").get(), item.xpath("title/text()").get(),
                response.urljoin(item.xpath("link/text()").get()),
                email.utils.parsedate_to_datetime(day).date().isoformat() if day else None)
