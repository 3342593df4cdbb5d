public import Engine
internal import Model

extension SQLiteStore {
  public func addedSchedules(in namespace: String?) throws(StoreError) -> [AddedSchedule] {
    try reader.addedSchedules(in: namespace)
  }
  public func addedSchedules(of pipeline: PipelineName) throws(StoreError) -> [AddedSchedule] {
    try reader.addedSchedules(of: pipeline)
  }
  public func addedDestinations() throws(StoreError) -> [AddedDestination] {
    try reader.addedDestinations()
  }
  public func measures(_ filter: MeasureFilter, limit: Int) throws(StoreError) -> [JobMeasure] {
    try reader.measures(filter, limit: limit)
  }
  public func liveCounts(in namespace: String?) throws(StoreError) -> [LiveCount] {
    try reader.liveCounts(in: namespace)
  }
  public func lineCounts(in namespace: String?) throws(StoreError) -> [LineCount] {
    try reader.lineCounts(in: namespace)
  }
  public func namespaces() throws(StoreError) -> [String] { try reader.namespaces() }
}

extension SQLiteReader {
  public func addedSchedules(in namespace: String?) throws(StoreError) -> [AddedSchedule] {
    try ask { database throws(SQLiteError) in try database.addedSchedules(in: namespace) }
  }

  public func addedSchedules(of pipeline: PipelineName) throws(StoreError) -> [AddedSchedule] {
    try ask { database throws(SQLiteError) in
      try database.addedSchedules(in: pipeline.namespace, pipeline: pipeline.name)
    }
  }

  public func addedDestinations() throws(StoreError) -> [AddedDestination] {
    try ask { database throws(SQLiteError) in try database.addedDestinations() }
  }

  public func measures(_ filter: MeasureFilter, limit: Int) throws(StoreError) -> [JobMeasure] {
    try ask { database throws(SQLiteError) in try database.measures(filter, limit: limit) }
  }

  public func liveCounts(in namespace: String?) throws(StoreError) -> [LiveCount] {
    try ask { database throws(SQLiteError) in try database.liveCounts(in: namespace) }
  }

  public func lineCounts(in namespace: String?) throws(StoreError) -> [LineCount] {
    try ask { database throws(SQLiteError) in try database.lineCounts(in: namespace) }
  }

  public func namespaces() throws(StoreError) -> [String] {
    try ask { database throws(SQLiteError) in try database.namespaces() }
  }
}
