// What a call began goes on by itself: `Location` says where to look.

extension StartedItem: Located {
  public var location: String? { "/api/v1/jobs/\(Percent.encode(id))" }
}

extension RerunAnswer: Located {
  public var location: String? { job?.location }
}

/// Of a cancel and of a retry.
extension JobItem: Located {
  public var location: String? { "/api/v1/jobs/\(Percent.encode(id))" }
}

extension BackfillItem: Located {
  public var location: String? { state == "planned" ? nil : "/api/v1/backfills/\(Percent.encode(id))" }
}
