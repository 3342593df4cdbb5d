/// The members of a JSON object, in the order in which they were written. Keys are unique by Unicode scalars.
public struct JSONObject: Sendable {
  public struct Member: Sendable, Hashable {
    public var key: String
    public var value: JSON

    public static func == (left: Member, right: Member) -> Bool {
      ScalarString(left.key) == ScalarString(right.key) && left.value == right.value
    }

    public func hash(into hasher: inout Hasher) {
      hasher.combine(ScalarString(key))
      hasher.combine(value)
    }
  }

  public private(set) var members: [Member] = []
  /// Kept from the seventeenth member on; below that a scan is faster than a hash.
  private var positions: [ScalarString: Int] = [:]
  private static let scanned = 16

  public init() {}

  /// A later member of the same key replaces the value of the earlier one.
  public init(_ pairs: some Sequence<(String, JSON)>) {
    members.reserveCapacity(pairs.underestimatedCount)
    for (key, value) in pairs { self[key] = value }
  }

  public subscript(key: String) -> JSON? {
    get { position(of: key).map { members[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil): remove(at: position)
      case (nil, let value?): append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }

  /// Adds a member at the end. False, and no change, where the key is there already.
  public mutating func add(_ key: String, _ value: JSON) -> Bool {
    guard position(of: key) == nil else { return false }
    append(Member(key: key, value: value))
    return true
  }

  public var keys: [String] { members.map(\.key) }
  public var count: Int { members.count }
  public var isEmpty: Bool { members.isEmpty }

  private func position(of key: String) -> Int? {
    if members.count > Self.scanned { return positions[ScalarString(key)] }
    // Most keys differ in length, which is known without a look at the text.
    let count = key.utf8.count
    for position in members.indices where members[position].key.utf8.count == count {
      if ScalarString(members[position].key) == ScalarString(key) { return position }
    }
    return nil
  }

  private mutating func append(_ member: Member) {
    members.append(member)
    if members.count == Self.scanned + 1 {
      indexAll()
    } else if members.count > Self.scanned {
      positions[ScalarString(member.key)] = members.count - 1
    }
  }

  private mutating func remove(at position: Int) {
    members.remove(at: position)
    if members.count > Self.scanned { indexAll() } else { positions = [:] }
  }

  private mutating func indexAll() {
    positions = [:]
    for (position, member) in members.enumerated() { positions[ScalarString(member.key)] = position }
  }
}

extension JSONObject: Sequence {
  public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSONObject: Hashable {
  /// The order of the members does not count.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.allSatisfy { right[$0.key] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for member in members { sum &+= member.hashValue }
    hasher.combine(sum)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
