public import Model

/// One difference between two versions of a pipeline file, by what it means.
public struct PipelineChange: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable { case added, removed, changed }

  public var kind: Kind
  /// The keys that lead to it, such as `steps.fetch.timeout`.
  public var path: String
  /// Nil where it was added.
  public var old: JSON?
  /// Nil where it was removed.
  public var new: JSON?

  public init(_ kind: Kind, _ path: String, old: JSON?, new: JSON?) {
    (self.kind, self.path, self.old, self.new) = (kind, path, old, new)
  }
}

/// Compares two pipeline files. Comments, the order of keys, quotes, the space in expressions and the way a
/// duration is written make no difference.
public enum PipelineDiff {
  /// In the order of the old file; what is new stands at the end of the map that it is in.
  ///
  /// Throws where one of them is no YAML or JSON; it need not be valid otherwise.
  public static func changes(from old: [UInt8], to new: [UInt8]) throws(Problem) -> [PipelineChange] {
    var walk = PipelineWalk()
    walk.compare(try tree(old), try tree(new), path: [])
    return walk.changes
  }

  private static func tree(_ source: [UInt8]) throws(Problem) -> Node {
    switch SourceReader.read(source).tree {
    case .success(let node): return node
    case .failure(let error): throw Problem(error.code, error.message, remedy: error.remedy)
    }
  }
}

private struct PipelineWalk {
  /// Keys whose text is an expression also without `${{ }}`.
  private static let bare: Set<String> = [
    "if", "until", "for_each", "value", "max_parallel", "lines", "enabled",
  ]
  private static let times: Set<String> = [
    "timeout", "queue_timeout", "deadline", "delay", "per", "for", "recover_after", "initial", "max", "keep",
    "expires", "remind", "after", "within", "jitter", "stable_for", "wait", "visibility", "retention",
    "success_every", "start_within", "event_every",
  ]
  /// Below these keys stands what the user means, not the format.
  private static let data: Set<String> = [
    "with", "value", "show", "carry", "next", "payload", "outputs", "vars",
  ]

  private(set) var changes: [PipelineChange] = []

  mutating func compare(_ old: Node, _ new: Node, path: [String]) {
    if let before = old.entries, let after = new.entries {
      compare(before, after, path: path)
    } else if let before = old.items, let after = new.items, before.count == after.count,
      (before + after).allSatisfy({ $0.entries != nil })
    {
      for index in before.indices { compare(before[index], after[index], path: path + ["[\(index)]"]) }
    } else if !isSame(old, new, path) {
      add(.changed, path, old.json, new.json)
    }
  }

  private mutating func compare(_ old: [Node.Entry], _ new: [Node.Entry], path: [String]) {
    for entry in old {
      let place = path + [entry.key]
      if let other = Self.value(of: entry.key, in: new) {
        compare(entry.value, other, path: place)
      } else {
        add(.removed, place, entry.value.json, nil)
      }
    }
    for entry in new where Self.value(of: entry.key, in: old) == nil {
      add(.added, path + [entry.key], nil, entry.value.json)
    }
    if path.last == "choose" { compareOrder(old, new, path: path) }
  }

  /// Branches are asked one by one.
  private mutating func compareOrder(_ old: [Node.Entry], _ new: [Node.Entry], path: [String]) {
    let before = old.map(\.key).filter { Self.value(of: $0, in: new) != nil }
    let after = new.map(\.key).filter { Self.value(of: $0, in: old) != nil }
    guard before.map({ ScalarString($0) }) != after.map({ ScalarString($0) }) else { return }
    add(.changed, path, .array(before.map(JSON.string)), .array(after.map(JSON.string)))
  }

  private static func value(of key: String, in entries: [Node.Entry]) -> Node? {
    entries.first { ScalarString($0.key) == ScalarString(key) }?.value
  }

  private func isSame(_ old: Node, _ new: Node, _ path: [String]) -> Bool {
    let key = path.last ?? ""
    if Self.bare.contains(key), CanonicalForm.bare(old) == CanonicalForm.bare(new) { return true }
    if Self.times.contains(key), path.allSatisfy({ !Self.data.contains($0) }),
      let before = old.string.flatMap({ Duration(text: $0) }), before == Duration(text: new.text)
    {
      return true
    }
    return CanonicalForm.of(old) == CanonicalForm.of(new)
  }

  private mutating func add(_ kind: PipelineChange.Kind, _ path: [String], _ old: JSON?, _ new: JSON?) {
    let text = path.reduce(into: "") { text, key in
      text += text.isEmpty || key.utf8.first == UInt8(ascii: "[") ? key : "." + key
    }
    changes.append(PipelineChange(kind, text, old: old, new: new))
  }
}
