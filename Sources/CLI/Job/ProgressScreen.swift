import Model

/// Shows changes of steps: line by line, or on a terminal with what runs redrawn below.
struct ProgressScreen {
  private let console: Console
  private let hasColours: Bool
  private var width = 0
  private var drawn = 0
  /// So many running steps are shown at once.
  static let liveLimit = 12

  init(_ console: Console, hasColours: Bool) { (self.console, self.hasColours) = (console, hasColours) }

  mutating func show(_ changes: [JobProgress.Change], running: [String]) {
    for change in changes { width = min(max(width, change.path.unicodeScalars.count), 60) }
    guard let columns = console.terminalWidth else {
      for change in changes { console.out(line(change)) }
      return
    }
    var text = erase()
    for change in changes where change.isFinal { text += cut(line(change), columns) + "\n" }
    let live = running.prefix(Self.liveLimit)
    for path in live { text += cut("  \(path.padded(to: width))  " + coloured("running"), columns) + "\n" }
    drawn = live.count
    if running.count > live.count {
      text += "  … +\(running.count - live.count)\n"
      drawn += 1
    }
    console.bytes(Array(text.utf8))
  }

  /// Takes away what is redrawn, so that other text can follow.
  mutating func close() {
    guard console.terminalWidth != nil else { return }
    console.bytes(Array(erase().utf8))
  }

  private mutating func erase() -> String {
    defer { drawn = 0 }
    return drawn == 0 ? "" : "\r\u{1B}[\(drawn)A\u{1B}[J"
  }

  private func line(_ change: JobProgress.Change) -> String {
    let start = "  \(change.path.padded(to: width))  "
    if change.detail.isEmpty { return start + coloured(change.word) }
    let pad = String(repeating: " ", count: max(0, 8 - change.word.unicodeScalars.count))
    return start + coloured(change.word) + pad + "  " + change.detail
  }

  private func coloured(_ word: String) -> String {
    guard hasColours, console.terminalWidth != nil else { return word }
    let code =
      switch word {
      case "success": "32"
      case "failed", "timeout", "lost": "31"
      case "partial", "retrying", "needs_attention", "cancelled": "33"
      case "running": "36"
      case _: "2"
      }
    return "\u{1B}[\(code)m\(word)\u{1B}[0m"
  }

  /// At most one terminal line, since what is redrawn is counted in lines; escapes take no room.
  private func cut(_ text: String, _ columns: Int) -> String {
    var (room, inEscape, result) = (columns, false, String.UnicodeScalarView())
    for scalar in text.unicodeScalars {
      if scalar.value == 27 { inEscape = true }
      if !inEscape {
        if room == 0 { continue }
        room -= 1
      }
      result.append(scalar)
      if inEscape, scalar == "m" { inEscape = false }
    }
    return String(result)
  }
}
