import Engine
import Model

// What a program tells on its way; the same at both levels.
extension Conversation {
  mutating func takeNotice(_ type: String, _ body: JSON, at now: Instant) -> [Act] {
    switch type {
    case "heartbeat": return []
    case "log": return takeLog(body)
    case "progress": return takeProgress(body, at: now)
    case "output":
      guard let values = body["values"]?.object else { return broken("`output` has no map `values`") }
      for member in values { output[member.key] = member.value }
      return []
    case "artifact": return takeArtifact(body)
    case "metric": return takeMetric(body)
    case "check": return takeCheck(body)
    case "mask": return takeMask(body)
    case _: return broken("there is no message `\(type.prefix(64))`")
    }
  }

  private mutating func takeLog(_ body: JSON) -> [Act] {
    let levels = ["debug": LogLevel.debug, "info": .info, "warn": .warn, "error": .error]
    guard let text = body["message"]?.string, let level = levels[body["level"]?.string ?? "info"] else {
      return broken("`log` has no `message`, or no `level` of debug, info, warn, error")
    }
    guard let metadata = body["metadata"] else { return [.log(level, text)] }
    return [.log(level, "\(text) \(metadata.text)")]
  }

  private mutating func takeProgress(_ body: JSON, at now: Instant) -> [Act] {
    let percent = body["percent"].map { $0.number ?? -1 }
    let (done, total) = (body["done"].map { $0.int ?? -1 }, body["total"].map { $0.int ?? -1 })
    guard percent != nil || done != nil, percent.map({ (0...100).contains($0) }) ?? true,
      [done, total].allSatisfy({ $0.map { $0 >= 0 } ?? true })
    else { return broken("`progress` has no `percent` of 0 to 100 and no count `done`") }
    // The last one before a pause is not repeated later: what follows says more.
    let isWhole = percent == 100 || total.map { $0 == done } ?? false
    if !isWhole, let lastProgress, lastProgress.duration(to: now) < ProtocolLimits.progressPause { return [] }
    lastProgress = now
    var words: [String] = []
    if let percent { words.append("\(Int(percent)) %") }
    if let done { words.append(total.map { "\(done) of \($0)" } ?? "\(done)") }
    if let text = body["text"]?.string { words.append(text) }
    return [.log(.info, "progress: " + words.joined(separator: ", "))]
  }

  private mutating func takeArtifact(_ body: JSON) -> [Act] {
    guard let name = body["name"]?.string, RelativePath.isSafe(name) else {
      return broken("`artifact` has no `name` of a file below ESTEIRA_ARTIFACTS")
    }
    guard mediaTypes.count < ProtocolLimits.artifacts || mediaTypes[name] != nil else {
      return broken("more than \(ProtocolLimits.artifacts) artifacts")
    }
    mediaTypes[name] = body["media_type"]?.string ?? MediaType.of(name)
    return []
  }

  private mutating func takeMetric(_ body: JSON) -> [Act] {
    guard let name = body["name"]?.string, !name.isEmpty, let value = body["value"], value.number != nil
    else {
      return broken("`metric` has no `name` and numeric `value`")
    }
    let unit = body["unit"]?.string.map { " \($0)" } ?? ""
    return [.log(.info, "metric: \(name) = \(value.text)\(unit)")]
  }

  private mutating func takeCheck(_ body: JSON) -> [Act] {
    guard let name = body["name"]?.string, let passed = body["passed"]?.bool,
      case let severity = body["severity"].map({ $0.string ?? "" }) ?? "error",
      ["warn", "error"].contains(severity)
    else { return broken("`check` has no `name` and `passed`, or no `severity` of warn, error") }
    let text = "\(name)\(body["message"]?.string.map { ": \($0)" } ?? "")"
    if passed { return [.log(.info, "check passed: \(text)")] }
    if severity == "error" {
      failedChecks.append(String(text.unicodeScalars.prefix(ProtocolLimits.failureText)))
    }
    return [.log(severity == "error" ? .error : .warn, "check failed: \(text)")]
  }

  private mutating func takeMask(_ body: JSON) -> [Act] {
    maskCount += 1
    guard let text = body["value"]?.string,
      (ProtocolLimits.shortestMask...ProtocolLimits.longestMask).contains(text.utf8.count),
      maskCount <= ProtocolLimits.masks
    else {
      return broken(
        "`mask` has no `value` of \(ProtocolLimits.shortestMask) to \(ProtocolLimits.longestMask) bytes, or "
          + "is one of more than \(ProtocolLimits.masks)")
    }
    return [.mask(text)]
  }

  mutating func takeCheckpoint(_ body: JSON, call: JSON?) -> [Act] {
    guard let state = body["state"] else { return broken("`checkpoint` has no `state`") }
    guard state.serialized().count <= ProtocolLimits.checkpoint else {
      return broken("the state of a `checkpoint` has more than \(ProtocolLimits.checkpoint) bytes")
    }
    return [.checkpoint(state, call: call)]
  }
}
