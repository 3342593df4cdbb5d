import API
import Engine
import Model

/// Sets two jobs side by side.
struct JobComparing {
  struct Side {
    var view: JobView
    var steps: [StepView]
  }

  private(set) var rows: [JobComparison.Row] = []

  init(_ left: Side, _ right: Side) {
    let (a, b) = (left.view.summary, right.view.summary)
    add("job", .string(a.id.description), .string(b.id.description), counts: false)
    add("pipeline", .string(a.pipeline.description), .string(b.pipeline.description))
    add("revision", .string("\(a.revision)"), .string("\(b.revision)"))
    add("status", .string(a.status.word), .string(b.status.word))
    add(duration: "duration", Self.time(a.createdAt, a.completedAt), Self.time(b.createdAt, b.completedAt))
    add(members: left.view.inputs.object, right.view.inputs.object, under: "inputs")
    add(members: left.view.outputs?.object, right.view.outputs?.object, under: "outputs")
    add(steps: left.steps, right.steps)
  }

  private static func time(_ start: Timestamp?, _ end: Timestamp?) -> JSON? {
    guard let start, let end else { return nil }
    return .int((end - start).microseconds)
  }

  private mutating func add(_ name: String, _ left: JSON?, _ right: JSON?, counts: Bool = true) {
    rows.append(.init(name: name, kind: .text, left: left, right: right, differs: counts && left != right))
  }

  private mutating func add(duration name: String, _ left: JSON?, _ right: JSON?) {
    rows.append(.init(name: name, kind: .duration, left: left, right: right, differs: false))
  }

  private mutating func add(value name: String, _ left: JSON?, _ right: JSON?) {
    rows.append(.init(name: name, kind: .value, left: left, right: right, differs: left != right))
  }

  private mutating func add(members left: JSONObject?, _ right: JSONObject?, under name: String) {
    let (left, right) = (left ?? JSONObject(), right ?? JSONObject())
    for key in left.keys + right.keys.filter({ left[$0] == nil }) {
      add(value: "\(name).\(key)", left[key], right[key])
    }
  }

  private mutating func add(steps left: [StepView], _ right: [StepView]) {
    // Of a path that stands there twice the newer one counts.
    let a = Dictionary(left.map { (ScalarString($0.path), $0) }) { $1 }
    let b = Dictionary(right.map { (ScalarString($0.path), $0) }) { $1 }
    var seen: Set<ScalarString> = []
    for path in (left + right).map({ ScalarString($0.path) }) where seen.insert(path).inserted {
      let (one, other) = (a[path], b[path])
      let name = "steps.\(path.string)"
      add("\(name).status", (one?.status.word).map(JSON.string), (other?.status.word).map(JSON.string))
      add(
        duration: "\(name).duration", Self.time(one?.startedAt, one?.endedAt),
        Self.time(other?.startedAt, other?.endedAt))
      if one?.output != nil || other?.output != nil {
        add(value: "\(name).output", one?.output, other?.output)
      }
    }
  }
}
