import Model

/// What the shape of a `queue` trigger cannot say: how its keys go together, and how far they go.
struct QueueRules {
  static let keys: [Shape.Key] = [
    .init("connection", .connection, required: true), .init("list", .text), .init("stream", .text),
    .init("topic", .text), .init("queue", .text), .init("group", .text),
    .init("take", .word(["left", "right"])),
    .init("dead_letter", .text), .init("prefetch", .count), .init("batch_size", .count),
    .init("visibility", .duration),
    // A file or a map: read with the trigger.
    .init("schema", .any), .init("when_full", .word(["skip", "dead_letter", "requeue"])),
    .init("unwanted", .word(["dead_letter", "drop"])),
  ]
  /// One of them says what is read.
  private static let sources = ["list", "stream", "topic", "queue"]

  let report: Report

  func check(_ entry: Node.Entry, path: String) {
    guard let map = entry.value.entries else { return }
    source(map, entry, path: path)
    for member in map {
      switch member.key {
      case "list", "stream", "topic", "queue", "group", "dead_letter":
        name(member.value, path: "\(path).\(member.key)")
      case "prefetch", "batch_size": count(member.value, path: "\(path).\(member.key)")
      case "visibility": visibility(member.value, path: "\(path).visibility")
      case _: break
      }
    }
    goesWith("group", ["stream", "topic"], map, path: path)
    goesWith("take", ["list"], map, path: path)
  }

  private func source(_ map: [Node.Entry], _ entry: Node.Entry, path: String) {
    let names = map.filter { Self.sources.contains($0.key) }
    if names.count == 1 { return }
    report.error(
      names.isEmpty ? "missing-key" : "two-kinds", at: names.last?.keySpan ?? entry.keySpan, path: path,
      Bilingual(
        "a queue is named by one of list, stream, topic or queue.",
        pt: "uma fila é indicada por um destes: list, stream, topic ou queue."),
      remedy: Bilingual(
        "list and stream are of Redis, topic is of Kafka, queue is of RabbitMQ, Cloudflare or SQS.",
        pt: "list e stream são do Redis, topic é do Kafka, queue é do RabbitMQ, do Cloudflare ou do SQS."))
  }

  private func name(_ node: Node, path: String) {
    guard let text = node.string else { return }
    if (1...QueueLimits.longestName).contains(text.utf8.count), !text.utf8.contains(0),
      text.firstRange(ofUTF8: "${{") == nil
    {
      return
    }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this must be a name of 1 to \(QueueLimits.longestName) bytes, without an expression.",
        pt: "isto deve ser um nome de 1 a \(QueueLimits.longestName) bytes, sem expressão."))
  }

  private func count(_ node: Node, path: String) {
    guard case .int(let value) = node.content, value > QueueLimits.prefetch.upperBound else { return }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this may be at most \(QueueLimits.prefetch.upperBound).",
        pt: "isto pode ser no máximo \(QueueLimits.prefetch.upperBound)."))
  }

  private func visibility(_ node: Node, path: String) {
    let range = QueueLimits.visibility
    guard let time = node.string.flatMap({ Duration(text: $0) }), !range.contains(time) else { return }
    report.error(
      "wrong-value", at: node.span, path: path,
      Bilingual(
        "this must be from \(range.lowerBound.text) to \(range.upperBound.text).",
        pt: "isto deve ser de \(range.lowerBound.text) a \(range.upperBound.text)."))
  }

  private func goesWith(_ key: String, _ sources: [String], _ map: [Node.Entry], path: String) {
    guard let entry = map.first(where: { $0.key == key }), !map.contains(where: { sources.contains($0.key) })
    else { return }
    report.error(
      "key-without-effect", at: entry.keySpan, path: "\(path).\(key)",
      Bilingual(
        "\(key) is only for a \(sources.joined(separator: " or ")).",
        pt: "\(key) é só para \(sources.joined(separator: " ou "))."),
      remedy: Bilingual("Remove it.", pt: "Retire-a."))
  }
}
