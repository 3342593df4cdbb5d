public import Engine
public import Model

extension SQLiteStore {
  public func schedules() throws(StoreError) -> [ScheduleRow] {
    try ask { database throws(SQLiteError) in try database.schedules(in: nil) }
  }

  public func openBackfills() throws(StoreError) -> [BackfillRow] {
    try ask { database throws(SQLiteError) in try database.openBackfills() }
  }

  public func readSchedules(in namespace: String?) throws(StoreError) -> [ScheduleRow] {
    try reader.readSchedules(in: namespace)
  }
  public func fires(_ filter: FireFilter, limit: Int) throws(StoreError) -> [ScheduleFireRow] {
    try reader.fires(filter, limit: limit)
  }
  public func fireCount(_ filter: FireFilter) throws(StoreError) -> Int {
    try reader.fireCount(filter)
  }
  public func backfills(in namespace: String?, limit: Int) throws(StoreError) -> [BackfillRow] {
    try reader.backfills(in: namespace, limit: limit)
  }
  public func backfill(_ id: ID<Backfill>) throws(StoreError) -> BackfillRow? {
    try reader.backfill(id)
  }
}

extension SQLiteReader {
  public func readSchedules(in namespace: String?) throws(StoreError) -> [ScheduleRow] {
    try ask { database throws(SQLiteError) in try database.schedules(in: namespace) }
  }

  public func fires(_ filter: FireFilter, limit: Int) throws(StoreError) -> [ScheduleFireRow] {
    try ask { database throws(SQLiteError) in try database.fires(filter, limit: limit) }
  }

  public func fireCount(_ filter: FireFilter) throws(StoreError) -> Int {
    try ask { database throws(SQLiteError) in try database.fireCount(filter) }
  }

  public func backfills(in namespace: String?, limit: Int) throws(StoreError) -> [BackfillRow] {
    try ask { database throws(SQLiteError) in try database.backfills(in: namespace, limit: limit) }
  }

  public func backfill(_ id: ID<Backfill>) throws(StoreError) -> BackfillRow? {
    try ask { database throws(SQLiteError) in try database.backfill(id) }
  }
}
