public import Model
internal import Pipelines

/// Which files of which folder a trigger takes, and how: the map below `files:`.
public struct FilesTriggerSpec: Sendable, Hashable {
  public enum Claim: Sendable, Hashable {
    /// A file is moved into this folder before its job starts.
    case move(to: String)
    /// A file stays where it is; its content is remembered.
    case mark
  }

  /// Absolute.
  public var path: String
  public var match: NamePattern
  /// A file is complete once it has not changed for so long.
  public var stableFor: Duration
  public var batchMax: Int
  /// A batch that is not full goes out so long after its first complete file.
  public var batchWait: Duration
  public var claim: Claim

  public static let defaultStableFor: Duration = .seconds(5)

  public init(
    path: String, match: NamePattern = .all, stableFor: Duration = defaultStableFor, batchMax: Int = 1,
    batchWait: Duration = .zero, claim: Claim = .mark
  ) {
    (self.path, self.match, self.stableFor) = (path, match, stableFor)
    (self.batchMax, self.batchWait, self.claim) = (batchMax, batchWait, claim)
  }

  /// Nil for a map that the reader of the file would have refused.
  public init?(spec: JSON) {
    guard let path = spec["path"]?.string, path.hasPrefix("/"),
      let match = NamePattern(spec["match"]?.string ?? "*"),
      let stableFor = Self.duration(spec["stable_for"], within: FilesTriggerLimits.stableFor),
      let wait = Self.duration(spec["batch"]?["wait"], within: FilesTriggerLimits.batchWait)
    else { return nil }
    let max = spec["batch"]?["max"]?.int ?? 1
    guard FilesTriggerLimits.batchMax.contains(max), let claim = Self.claim(spec) else { return nil }
    self.init(
      path: path, match: match, stableFor: stableFor ?? Self.defaultStableFor, batchMax: Int(max),
      batchWait: wait ?? .zero, claim: claim)
  }

  /// Nil for what is no duration or out of range; an inner nil where there is none.
  private static func duration(_ json: JSON?, within range: ClosedRange<Duration>) -> Duration?? {
    guard let json else { return .some(nil) }
    guard let duration = json.string.flatMap({ Duration(text: $0) }), range.contains(duration) else {
      return nil
    }
    return duration
  }

  private static func claim(_ spec: JSON) -> Claim? {
    let target = spec["to"]?.string
    switch (spec["claim"]?.string ?? "mark", target) {
    case ("move", let target?) where target.hasPrefix("/"): return .move(to: target)
    case ("mark", nil): return .mark
    case (_, _): return nil
    }
  }
}
