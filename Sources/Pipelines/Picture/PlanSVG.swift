public import Model

extension Plan {
  /// A picture that needs nothing else: steps in rows, each below all that it waits for; what is inside a
  /// step is inside its box. The reason of an edge is its title, which a browser shows under the pointer.
  public func graphSVG(_ language: Language) -> String {
    let picture = PlanPicture(plan: self, language: language)
    var (parts, top, width) = ([String](), PlanPicture.gap, 0)
    for (word, scope) in topScopes {
      let size = picture.size(ofScope: scope)
      if let word {
        parts.append(picture.label(word, x: PlanPicture.gap, y: top + 12))
        top += 20
      }
      picture.draw(scope: scope, x: PlanPicture.gap, y: top, into: &parts)
      top += size.height + PlanPicture.gap
      width = max(width, size.width)
    }
    let (full, height) = (width + 2 * PlanPicture.gap, top)
    return """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(full)" height="\(height)" \
      viewBox="0 0 \(full) \(height)" font-family="sans-serif" font-size="12">
      <title>\(PlanPicture.escaped("\(namespace)/\(name)"))</title>
      <defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" \
      orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>
      <rect width="100%" height="100%" fill="#fff"/>
      \(parts.joined(separator: "\n"))
      </svg>
      """
  }
}

/// Places and shapes of the picture. Edges join steps of one scope, so each scope is laid out by itself.
struct PlanPicture {
  struct Size {
    var width: Int
    var height: Int
  }

  static let gap = 20
  private static let rowGap = 40
  private static let header = 40
  private static let letter = 8

  let plan: Plan
  let language: Language

  func size(ofScope scope: Int) -> Size {
    let rows = rows(ofScope: scope).map { $0.map { size(of: $0) } }
    let widths = rows.map { $0.reduce(0) { $0 + $1.width } + Self.gap * max(0, $0.count - 1) }
    let heights = rows.map { $0.map(\.height).max() ?? 0 }
    return Size(
      width: widths.max() ?? 0,
      height: heights.reduce(0, +) + Self.rowGap * max(0, rows.count - 1))
  }

  /// Each step is one row below the lowest of those that it waits for.
  private func rows(ofScope scope: Int) -> [[Int]] {
    var row: [Int: Int] = [:]
    for index in plan.order(ofScope: scope) {
      let above = plan.steps[index.position].needs.map { row[$0.step.position] ?? 0 }.max()
      row[index.position] = above.map { $0 + 1 } ?? 0
    }
    return (0...(row.values.max() ?? 0)).map { number in
      plan.scopes[scope].steps.filter { row[$0] == number }
    }
  }

  private func size(of index: Int) -> Size {
    let step = plan.steps[index]
    let own = max(step.name.unicodeScalars.count, step.does.unicodeScalars.count) * Self.letter + 24
    var size = Size(width: max(90, own), height: Self.header)
    for (word, scope) in step.scopes {
      let inner = self.size(ofScope: scope)
      size.width = max(size.width, inner.width + 2 * Self.gap)
      size.height += inner.height + Self.gap + (word == nil ? 0 : 20)
    }
    return size
  }

  func draw(scope: Int, x: Int, y: Int, into parts: inout [String]) {
    var (boxes, top) = ([Int: (x: Int, y: Int, size: Size)](), y)
    for row in rows(ofScope: scope) {
      var (left, height) = (x, 0)
      for index in row {
        let size = size(of: index)
        boxes[index] = (left, top, size)
        left += size.width + Self.gap
        height = max(height, size.height)
      }
      top += height + Self.rowGap
    }
    for index in plan.scopes[scope].steps {
      guard let box = boxes[index] else { continue }
      draw(step: index, x: box.x, y: box.y, box.size, into: &parts)
    }
    for index in plan.scopes[scope].steps {
      for need in plan.steps[index].needs {
        guard let from = boxes[need.step.position], let to = boxes[index] else { continue }
        let start = (from.x + from.size.width / 2, from.y + from.size.height)
        parts.append(edge(need, to: index, from: start, to: (to.x + to.size.width / 2, to.y)))
      }
    }
  }

  private func draw(step index: Int, x: Int, y: Int, _ size: Size, into parts: inout [String]) {
    let step = plan.steps[index]
    let fill = step.scopes.isEmpty ? "#eef3fb" : "#f7f7f7"
    parts.append(
      "<g><title>\(Self.escaped(step.path))</title><rect x=\"\(x)\" y=\"\(y)\" width=\"\(size.width)\" "
        + "height=\"\(size.height)\" rx=\"6\" fill=\"\(fill)\" stroke=\"#456\"/>"
        + "<text x=\"\(x + 12)\" y=\"\(y + 17)\" font-weight=\"bold\">\(Self.escaped(step.name))</text>"
        + "<text x=\"\(x + 12)\" y=\"\(y + 32)\" fill=\"#456\">\(Self.escaped(step.does))</text></g>")
    var top = y + Self.header
    for (word, scope) in step.scopes {
      if let word {
        parts.append(label(word, x: x + Self.gap, y: top + 12))
        top += 20
      }
      draw(scope: scope, x: x + Self.gap, y: top, into: &parts)
      top += self.size(ofScope: scope).height + Self.gap
    }
  }

  private func edge(_ need: Need, to index: Int, from start: (Int, Int), to end: (Int, Int)) -> String {
    let dash = need.strength == .weak ? " stroke-dasharray=\"5 4\"" : ""
    let reason = Self.escaped(plan.reason(of: need, to: index)[language])
    return "<path d=\"M\(start.0) \(start.1)C\(start.0) \(start.1 + 24) \(end.0) \(end.1 - 24) \(end.0) "
      + "\(end.1)\" fill=\"none\" stroke=\"#222\"\(dash) marker-end=\"url(#tip)\">"
      + "<title>\(reason)</title></path>"
  }

  func label(_ text: String, x: Int, y: Int) -> String {
    "<text x=\"\(x)\" y=\"\(y)\" font-style=\"italic\">\(Self.escaped(text))</text>"
  }

  static func escaped(_ text: String) -> String {
    text.spelling(["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;"])
  }
}
