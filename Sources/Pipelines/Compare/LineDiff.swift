/// A line of two texts side by side.
public struct DiffLine: Sendable, Hashable {
  public enum Side: String, Sendable, Hashable {
    case both = " "
    case old = "-"
    case new = "+"
  }
  public var side: Side
  public var text: String

  public init(_ side: Side, _ text: String) { (self.side, self.text) = (side, text) }
}

/// The shortest way from one text to another by whole lines, as Eugene Myers described it (1986).
public enum LineDiff {
  /// Texts that are further apart are shown as one removed and one added: the way back costs memory by the
  /// square of the distance.
  static let farthest = 1_000

  public static func lines(from old: String, to new: String) -> [DiffLine] {
    let (old, new) = (split(old), split(new))
    var start = 0
    while start < min(old.count, new.count), isSame(old[start], new[start]) { start += 1 }
    var end = 0
    while end < min(old.count, new.count) - start, isSame(old[old.count - 1 - end], new[new.count - 1 - end])
    {
      end += 1
    }
    let middle = walk(Array(old[start..<old.count - end]), Array(new[start..<new.count - end]))
    return old[..<start].map { DiffLine(.both, $0) } + middle
      + old[(old.count - end)...].map { DiffLine(.both, $0) }
  }

  /// What differs, with so many lines around it; `@@` stands between two places.
  public static func hunks(_ lines: [DiffLine], around count: Int = 3) -> [String] {
    var (shown, last): ([String], Int?) = ([], nil)
    let changed = lines.indices.filter { lines[$0].side != .both }
    var next = 0
    for index in lines.indices {
      while next < changed.count, changed[next] + count < index { next += 1 }
      guard next < changed.count, changed[next] - count <= index else { continue }
      if let last, last + 1 < index { shown.append("@@") }
      shown.append(lines[index].side.rawValue + lines[index].text)
      last = index
    }
    return shown
  }

  private static func split(_ text: String) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  private static func isSame(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  private static func walk(_ old: [String], _ new: [String]) -> [DiffLine] {
    let whole = old.map { DiffLine(.old, $0) } + new.map { DiffLine(.new, $0) }
    if old.isEmpty || new.isEmpty { return whole }
    let most = min(old.count + new.count, farthest)
    var reach = [Int](repeating: 0, count: 2 * most + 3)
    var trace: [[Int]] = []
    for distance in 0...most {
      trace.append(Array(reach[(most - distance)...(most + distance + 2)]))
      for diagonal in stride(from: -distance, through: distance, by: 2) {
        let place = diagonal + most + 1
        let isDown =
          diagonal == -distance || diagonal != distance && reach[place - 1] < reach[place + 1]
        var x = isDown ? reach[place + 1] : reach[place - 1] + 1
        while x < old.count, x - diagonal < new.count, isSame(old[x], new[x - diagonal]) { x += 1 }
        reach[place] = x
        if x >= old.count, x - diagonal >= new.count { return back(trace, old, new) }
      }
    }
    return whole
  }

  /// From the end to the beginning along what each distance could reach.
  private static func back(_ trace: [[Int]], _ old: [String], _ new: [String]) -> [DiffLine] {
    var lines: [DiffLine] = []
    var (x, y) = (old.count, new.count)
    for distance in trace.indices.reversed() where distance > 0 {
      let (reach, diagonal) = (trace[distance], x - y)
      func reached(_ diagonal: Int) -> Int { reach[diagonal + distance + 1] }
      let isDown =
        diagonal == -distance || diagonal != distance && reached(diagonal - 1) < reached(diagonal + 1)
      let before = isDown ? diagonal + 1 : diagonal - 1
      let from = reached(before)
      while x > from, y > from - before {
        lines.append(DiffLine(.both, old[x - 1]))
        (x, y) = (x - 1, y - 1)
      }
      lines.append(isDown ? DiffLine(.new, new[y - 1]) : DiffLine(.old, old[x - 1]))
      (x, y) = (from, from - before)
    }
    while x > 0, y > 0 {
      lines.append(DiffLine(.both, old[x - 1]))
      (x, y) = (x - 1, y - 1)
    }
    return lines.reversed()
  }
}
