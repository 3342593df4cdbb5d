public import Engine
public import Model

/// The questions of the journal's thread about dead letters.
extension SQLiteStore {
  public func deadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? {
    try ask { database throws(SQLiteError) in try database.deadLetter(id) }
  }
  public func openDeadLetters(of job: ID<Job>) throws(StoreError) -> [DeadLetterRow] {
    try ask { database throws(SQLiteError) in try database.openDeadLetters(of: job) }
  }
  public func openDeadLetterCount(in namespace: String) throws(StoreError) -> Int {
    try ask { database throws(SQLiteError) in try database.openDeadLetterCount(in: namespace) }
  }
  public func underWayDeadLetters() throws(StoreError) -> [ID<TriggerMessage>: Int64] {
    try ask { database throws(SQLiteError) in try database.underWayDeadLetters() }
  }
}

/// The read model is the reader's.
extension SQLiteStore {
  public func deadLetters(
    _ filter: DeadLetterFilter, before: DeadLetterPlace?, limit: Int
  ) throws(StoreError) -> [DeadLetterRow] {
    try reader.deadLetters(filter, before: before, limit: limit)
  }
  public func oldestDeadLetters(_ filter: DeadLetterFilter, limit: Int) throws(StoreError) -> [Int64] {
    try reader.oldestDeadLetters(filter, limit: limit)
  }
  public func deadLetterGroups(
    _ filter: DeadLetterFilter, limit: Int
  ) throws(StoreError) -> [DeadLetterGroup] {
    try reader.deadLetterGroups(filter, limit: limit)
  }
  public func readDeadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? {
    try reader.readDeadLetter(id)
  }
  public func deadLetterActs(of id: Int64) throws(StoreError) -> [DeadLetterAct] {
    try reader.deadLetterActs(of: id)
  }
}

/// Dead letters, as lists and pages read them.
extension SQLiteReader {
  public func deadLetters(
    _ filter: DeadLetterFilter, before: DeadLetterPlace?, limit: Int
  ) throws(StoreError) -> [DeadLetterRow] {
    try ask { database throws(SQLiteError) in
      try database.deadLetters(filter, before: before, limit: limit)
    }
  }

  public func oldestDeadLetters(_ filter: DeadLetterFilter, limit: Int) throws(StoreError) -> [Int64] {
    try ask { database throws(SQLiteError) in try database.oldestDeadLetters(filter, limit: limit) }
  }

  public func deadLetterGroups(
    _ filter: DeadLetterFilter, limit: Int
  ) throws(StoreError) -> [DeadLetterGroup] {
    try ask { database throws(SQLiteError) in try database.deadLetterGroups(filter, limit: limit) }
  }

  public func readDeadLetter(_ id: Int64) throws(StoreError) -> DeadLetterRow? {
    try ask { database throws(SQLiteError) in try database.deadLetter(id) }
  }

  public func deadLetterActs(of id: Int64) throws(StoreError) -> [DeadLetterAct] {
    try ask { database throws(SQLiteError) in try database.deadLetterActs(of: id) }
  }
}
