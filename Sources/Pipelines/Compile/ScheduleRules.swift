import Model

/// What the shape of a `schedule` trigger cannot say: whether its line can be read in its dialect.
struct ScheduleRules {
  let report: Report

  func check(_ node: Node, path: String) {
    guard let line = node["cron"], let text = line.string, text.firstRange(ofUTF8: "${{") == nil else {
      return
    }
    // A dialect that is none was said by its shape.
    guard let dialect = Cron.Dialect(rawValue: node["dialect"]?.string ?? "unix") else { return }
    do throws(CronFault) { _ = try Cron(text, dialect: dialect) } catch {
      report.error(
        "bad-cron", at: report.source.span(of: error.range, in: line), path: "\(path).cron", error.message,
        remedy: error.remedy)
    }
  }
}
