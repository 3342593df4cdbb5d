/// What runs a spider, in the user's own Python with the user's own Scrapy.
enum ScrapyProgram {
  /// Reads its order from ESTEIRA_DATA and writes ESTEIRA_OUTPUT. Exit 78: there is no Scrapy, project or
  /// spider; 75: nobody could be reached; 70: the crawl broke. A SIGTERM ends the crawl in order.
  static let text = """
    import importlib.util, json, os, sys

    def stop(code, text):
        print(text, file=sys.stderr)
        sys.exit(code)

    with open(os.environ["ESTEIRA_DATA"], encoding="utf-8") as file:
        order = json.load(file)
    project = order["project"]
    if project:
        sys.path.insert(0, project)
        import configparser
        config = configparser.ConfigParser()
        config.read(os.path.join(project, "scrapy.cfg"))
        if config.has_option("settings", "default"):
            os.environ["SCRAPY_SETTINGS_MODULE"] = config.get("settings", "default")
    try:
        from scrapy import Spider
        from scrapy.crawler import CrawlerProcess
        from scrapy.utils.project import get_project_settings
        from scrapy.utils.spider import iter_spider_classes
    except ImportError as error:
        stop(78, f"There is no Scrapy for {sys.executable}: {error}")
    try:
        settings = get_project_settings()
    except ImportError as error:
        stop(78, f"The project's settings cannot be read: {error}")
    settings.setdict(order["settings"], priority="cmdline")
    feeds = dict(settings.getdict("FEEDS"))
    feeds[order["feed"]] = {"format": "jsonlines", "encoding": "utf8", "overwrite": True, "store_empty": True}
    settings.set("FEEDS", feeds, priority="cmdline")

    target = order["spider"]
    if order["file"]:
        path = os.path.join(os.environ["ESTEIRA_FILES"], order["file"])
        spec = importlib.util.spec_from_file_location("esteira_spiders", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["esteira_spiders"] = module
        spec.loader.exec_module(module)
        found = {one.name: one for one in iter_spider_classes(module)}
        if target not in found:
            stop(78, f"{order['file']} has no spider {target}; it has: {', '.join(sorted(found)) or 'none'}")
        target = found[target]
    process = CrawlerProcess(settings)
    try:
        crawler = process.create_crawler(target)
    except KeyError:
        names = ", ".join(sorted(process.spider_loader.list())[:20]) or "none"
        stop(78, f"The project has no spider {target}; it has: {names}")
    process.crawl(crawler, **order["arguments"])
    process.start()

    stats = crawler.stats.get_stats() if crawler.stats else {}
    def plain(value):
        if isinstance(value, float) and (value != value or abs(value) == float("inf")):
            return str(value)
        return value if isinstance(value, (int, float, str, bool)) else str(value)

    items = stats.get("item_scraped_count", 0)
    reason = stats.get("finish_reason", "")
    mark = "spider_exceptions/"
    raised = {key.removeprefix(mark): value for key, value in stats.items() if key.startswith(mark)}
    unreached = stats.get("downloader/exception_count", 0)
    answered = stats.get("downloader/response_count", 0)
    with open(os.environ["ESTEIRA_OUTPUT"], "w", encoding="utf-8") as file:
        shown = {str(key): plain(value) for key, value in stats.items()}
        json.dump({"items_count": items, "finish_reason": reason, "stats": shown}, file)
    if process.bootstrap_failed or not reason:
        stop(70, "The crawl could not begin; the log has the reason.")
    if reason == "shutdown":
        stop(75, "The crawl was told to stop before its end.")
    if stats.get("robotstxt/forbidden"):
        print(f"robots.txt forbids {stats['robotstxt/forbidden']} of the addresses.", file=sys.stderr)
    if not items and raised:
        names = ", ".join(f"{key} x{value}" for key, value in raised.items())
        stop(70, f"No item, and the spider raised {names}")
    if not items and unreached and not answered:
        stop(75, f"No item: {unreached} requests failed and nobody answered.")
    """
}
