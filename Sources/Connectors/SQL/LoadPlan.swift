import Engine
import Model
import Net

/// What `with` of `sql.load` asks for.
struct LoadPlan: Sendable {
  enum Mode: String, Sendable, CaseIterable {
    case append, upsert, replace
    case replacePartition = "replace_partition"

    /// Rows are gathered beside the table and change it in one transaction at the end.
    var isStaged: Bool { self == .replace || self == .replacePartition }
  }

  struct Part: Sendable {
    var table: String
    var file: ArtifactHandle
    var format: LoadSource.Format
  }

  struct Partition: Sendable {
    var column: String
    var value: JSON
  }

  /// The column of a partition of which only the value is said.
  static let partitionColumn = "partition"
  static let defaultBatch = 10_000

  var parts: [Part]
  var mode: Mode
  var keys: [String]
  var partition: Partition?
  var columns: [String]?
  var batch: Int
  var nullText: String
  var delimiter: UInt8

  init(_ with: JSON) throws(Failure) {
    mode = with["mode"]?.string.flatMap(Mode.init) ?? .append
    keys = with["keys"]?.array?.compactMap(\.string) ?? []
    columns = with["columns"]?.array?.compactMap(\.string)
    batch = with["batch"]?.int.map { Int($0) } ?? Self.defaultBatch
    nullText = with["null_text"]?.string ?? ""
    delimiter = with["delimiter"]?.string?.utf8.first ?? UInt8(ascii: ",")
    partition = Self.partition(with["partition"])
    if let complaint = Self.complaint(with) {
      throw Failure(.configuration, code: "invalid-with", complaint.english)
    }
    let format = with["format"]?.string
    parts = []
    if let table = with["table"]?.string, let file = with["file"] {
      parts.append(try Self.part(table, file, format))
    }
    for member in with["tables"]?.object?.members ?? [] {
      parts.append(try Self.part(member.key, member.value, format))
    }
  }

  /// What does not go together, whatever the expressions will give: those not yet worked out are null.
  static func complaint(_ with: JSON) -> Bilingual? {
    let (one, many) = (with["table"] != nil || with["file"] != nil, with["tables"] != nil)
    if one == many || (one && (with["table"] == nil || with["file"] == nil)) {
      return Bilingual("Give `table` with `file`, or `tables`.", pt: "Dê `table` com `file`, ou `tables`.")
    }
    if with["mode"]?.isNull == true { return nil }
    let mode = with["mode"]?.string ?? Mode.append.rawValue
    if (mode == Mode.upsert.rawValue) != (with["keys"] != nil) {
      return Bilingual(
        "`keys` belongs to the mode `upsert`, which needs it.",
        pt: "`keys` é do modo `upsert`, que precisa dele.")
    }
    if (mode == Mode.replacePartition.rawValue) != (with["partition"] != nil) {
      return Bilingual(
        "`partition` belongs to the mode `replace_partition`, which needs it.",
        pt: "`partition` é do modo `replace_partition`, que precisa dele.")
    }
    return nil
  }

  private static func partition(_ json: JSON?) -> Partition? {
    guard let json else { return nil }
    guard let column = json["column"]?.string else { return Partition(column: partitionColumn, value: json) }
    return Partition(column: column, value: json["value"] ?? .null)
  }

  private static func part(_ table: String, _ file: JSON, _ format: String?) throws(Failure) -> Part {
    guard let handle = ArtifactHandle(file) else {
      throw Failure(
        .data, code: "not-an-artifact", "The file of the table `\(table.prefix(80))` is no artifact.")
    }
    return Part(table: table, file: handle, format: try LoadSource.Format(format, of: handle))
  }
}
