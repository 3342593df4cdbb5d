import Engine
import Model

/// What the lines of a backup name, as its bytes come.
struct BackupLines {
  private(set) var names: Set<QueuedItem.Name> = []
  /// The first thing that `esteira.export_queue` does not write; from there on nothing is read.
  private(set) var fault: String?
  private var line: [UInt8] = []

  mutating func take(_ bytes: ArraySlice<UInt8>) {
    guard fault == nil else { return }
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      line += rest[..<end]
      read()
      rest = rest[(end + 1)...]
    }
    line += rest
    if line.count > QueuePurge.lineLimit { fault = "has more than \(QueuePurge.lineLimit >> 20) MiB" }
  }

  mutating func finish() { if !line.isEmpty { read() } }

  private mutating func read() {
    defer { line.removeAll(keepingCapacity: true) }
    do throws(JSONError) {
      let json = try JSON(parsing: line)
      if let kind = json["kind"]?.string.flatMap(QueuedItem.Kind.init), let id = json["id"]?.string {
        names.insert(QueuedItem.Name(kind: kind, id: id))
      } else {
        fault = fault ?? "names neither a job nor a message"
      }
    } catch { fault = fault ?? "is no JSON" }
  }
}
