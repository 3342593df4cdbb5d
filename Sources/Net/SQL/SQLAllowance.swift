/// What a statement may do beyond reading.
public struct SQLAllowance: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let insert = SQLAllowance(rawValue: 1)
  public static let update = SQLAllowance(rawValue: 2)
  public static let delete = SQLAllowance(rawValue: 4)
  /// Tables, indexes, views and triggers: made, changed and dropped.
  public static let schema = SQLAllowance(rawValue: 8)
  /// The tables in which we keep our own records; no statement of a user has this.
  public static let records = SQLAllowance(rawValue: 16)
  /// Transactions and settings of the connection; no statement of a user has this.
  public static let control = SQLAllowance(rawValue: 32)

  public static let reads: SQLAllowance = []
  public static let writes: SQLAllowance = [.insert, .update, .delete, .schema]
}

/// What the engine found in a statement when it parsed it: never a guess from its text.
public struct SQLActions: Sendable, Hashable {
  public struct Column: Sendable, Hashable {
    public var table: String
    /// Empty where only rows are counted.
    public var column: String
    public init(table: String, column: String) { (self.table, self.column) = (table, column) }
  }

  /// Whether a SELECT or VALUES is in it.
  public var selects = false
  public var columns: [Column] = []
  public var functions: [String] = []
  /// What it would change, such as `insert` and a table.
  public var changes: [Change] = []
  /// What the guard refused; the engine stops at the first.
  public var denied: [Change] = []

  public struct Change: Sendable, Hashable {
    public var action: String
    public var object: String
    public init(_ action: String, _ object: String) { (self.action, self.object) = (action, object) }
  }

  public init() {}

  /// Each once, in the order in which the engine came upon them.
  public var tables: [String] {
    var tables: [String] = []
    for column in columns where !tables.contains(column.table) { tables.append(column.table) }
    return tables
  }

  /// How many entries of a list are kept: a statement can name millions.
  static let limit = 1_000

  mutating func read(_ table: String, _ column: String) {
    let entry = Column(table: table, column: column)
    if !table.isEmpty, columns.count < Self.limit, !columns.contains(entry) { columns.append(entry) }
  }

  mutating func call(_ function: String) {
    if functions.count < Self.limit, !functions.contains(function) { functions.append(function) }
  }

  mutating func change(_ change: Change) {
    if changes.count < Self.limit, !changes.contains(change) { changes.append(change) }
  }
}
