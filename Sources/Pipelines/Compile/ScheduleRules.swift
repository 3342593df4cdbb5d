import Model

/// What the shape of a `schedule` trigger cannot say: whether its line can be read in its dialect, and how
/// far its other keys go.
struct ScheduleRules {
  let report: Report
  let shapes: ShapeChecker

  func check(_ node: Node, path: String) {
    line(node, path: path)
    jitter(node["jitter"], path: "\(path).jitter")
    if let catchUp = node["catch_up"] { self.catchUp(catchUp, path: "\(path).catch_up") }
    if let calendar = node["calendar"], let name = calendar.string, !Names.isName(name) {
      report.badName(name, at: calendar.span, path: "\(path).calendar")
    }
  }

  private func line(_ node: Node, path: String) {
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

  private func jitter(_ node: Node?, path: String) {
    guard let node, let jitter = node.string.flatMap({ Duration(text: $0) }) else { return }
    if !ScheduleLimits.jitter.contains(jitter) { tooFar(node, ScheduleLimits.jitter, path: path) }
  }

  /// `none`, `all`, or `{last: N | all, within}`.
  private func catchUp(_ node: Node, path: String) {
    guard let entries = node.entries else {
      _ = report.word(node, path: path, among: ["none", "all"])
      return
    }
    for entry in entries where entry.key == "last" {
      let place = "\(path).last"
      if case .int(let count) = entry.value.content {
        if ScheduleLimits.caughtUp.contains(count) { continue }
        let (least, most) = (ScheduleLimits.caughtUp.lowerBound, ScheduleLimits.caughtUp.upperBound)
        report.error(
          "wrong-value", at: entry.value.span, path: place,
          Bilingual("this must be from \(least) to \(most).", pt: "isto deve ser de \(least) a \(most)."))
      } else {
        _ = report.word(entry.value, path: place, among: ["all"])
      }
    }
    shapes.check(node, [.init("last", .any), .init("within", .duration)], path: path)
    for entry in entries where entry.key == "within" {
      guard let within = entry.value.string.flatMap({ Duration(text: $0) }) else { continue }
      if !ScheduleLimits.within.contains(within) {
        tooFar(entry.value, ScheduleLimits.within, path: "\(path).within")
      }
    }
  }

  private func tooFar(_ node: Node, _ range: ClosedRange<Duration>, path: String) {
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this must be from \(range.lowerBound.text) to \(range.upperBound.text).",
        pt: "isto deve ser de \(range.lowerBound.text) a \(range.upperBound.text)."))
  }
}
