public import Model

// How alerts are stored and shown.
extension Alert {
  public var json: JSON {
    var object = JSONObject()
    object["id"] = .string(id.description)
    object["key"] = .string(key)
    object["state"] = .string(state.rawValue)
    object["first_at"] = .string(firstAt.rfc3339)
    object["last_at"] = .string(lastAt.rfc3339)
    object["count"] = .int(Int64(count))
    object["finding"] = finding.json
    object["level"] = .int(Int64(level))
    object["told_at"] = toldAt.map { .string($0.rfc3339) }
    object["resolved_at"] = resolvedAt.map { .string($0.rfc3339) }
    object["good_since"] = goodSince.map { .string($0.rfc3339) }
    if let acknowledged {
      var part = JSONObject()
      part["by"] = .string(acknowledged.by)
      part["at"] = .string(acknowledged.at.rfc3339)
      part["note"] = acknowledged.note.map { .string($0) }
      object["acknowledged"] = .object(part)
    }
    return .object(object)
  }

  /// As `json` has written it; nil for anything else.
  public init?(_ json: JSON) {
    func moment(_ value: JSON?) -> Timestamp? { value?.string.flatMap(Timestamp.init(rfc3339:)) }
    guard let id = json["id"]?.string.flatMap(ID<Alert>.init), let key = json["key"]?.string,
      let state = json["state"]?.string.flatMap(State.init(rawValue:)), let first = moment(json["first_at"]),
      let finding = json["finding"].flatMap(Finding.init)
    else { return nil }
    self.init(id: id, key: key, finding: finding, at: first)
    self.state = state
    lastAt = moment(json["last_at"]) ?? first
    count = json["count"]?.int.map { Int($0) } ?? 1
    level = json["level"]?.int.map { Int($0) } ?? 0
    (toldAt, resolvedAt) = (moment(json["told_at"]), moment(json["resolved_at"]))
    goodSince = moment(json["good_since"])
    acknowledged = json["acknowledged"].flatMap { part in
      moment(part["at"]).map {
        Acknowledgement(by: part["by"]?.string ?? "", at: $0, note: part["note"]?.string)
      }
    }
  }
}

extension Mute {
  public var json: JSON {
    [
      "pattern": .string(pattern), "by": .string(by), "reason": .string(reason), "at": .string(at.rfc3339),
      "until": .string(until.rfc3339),
    ]
  }

  public init?(_ json: JSON) {
    guard let pattern = json["pattern"]?.string,
      let at = json["at"]?.string.flatMap(Timestamp.init(rfc3339:)),
      let until = json["until"]?.string.flatMap(Timestamp.init(rfc3339:))
    else { return nil }
    self.init(
      pattern: pattern, by: json["by"]?.string ?? "", reason: json["reason"]?.string ?? "", at: at,
      until: until)
  }
}

extension Notice {
  public var json: JSON {
    [
      "id": .string(id.description), "kind": .string(kind.rawValue), "at": .string(at.rfc3339),
      "to": .array(to.map { .string($0) }), "alert": alert.json,
    ]
  }

  public init?(_ json: JSON) {
    guard let id = json["id"]?.string.flatMap(ID<Notice>.init),
      let kind = json["kind"]?.string.flatMap(Kind.init(rawValue:)),
      let at = json["at"]?.string.flatMap(Timestamp.init(rfc3339:)),
      let alert = json["alert"].flatMap(Alert.init)
    else { return nil }
    self.init(
      id: id, kind: kind, alert: alert, at: at, to: json["to"]?.array?.compactMap(\.string) ?? [])
  }
}
