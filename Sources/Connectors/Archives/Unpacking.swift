import Engine
import Glibc
import Model

/// What may come out of an archive.
struct UnpackLimits: Sendable {
  var entries = 10_000
  var bytes: Int64 = FileSchema.artifactLimit

  /// Up to here anything goes; beyond it, this many times the archive's own size.
  static let freely: Int64 = 10 << 20
  static let ratio: Int64 = 100
  static let nameLength = 255
  static let pathLength = 1_024
  static let depth = 32

  func allows(_ bytes: Int64, from archive: Int64) -> Bool {
    bytes <= self.bytes && (bytes <= Self.freely || bytes <= archive * Self.ratio)
  }
}

/// The name of an entry, once it is known to stay in the folder that it is unpacked into.
struct EntryName: Sendable {
  let parts: [String]
  var path: String { parts.joined(separator: "/") }

  /// Refuses what some system would take for another place: `/x`, `..`, `a\b`, `C:x`.
  init(_ name: String) throws(Failure) {
    guard !name.isEmpty, name.utf8.count <= UnpackLimits.pathLength else {
      throw .unsafeArchive(name, "has no name or one of more than 1,024 bytes")
    }
    guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\\") }) else {
      throw .unsafeArchive(name, "has a backslash or a control character in its name")
    }
    let bytes = Array(name.utf8)
    let isDrive = bytes.count > 1 && bytes[1] == UInt8(ascii: ":")
    guard bytes[0] != UInt8(ascii: "/"), !isDrive else { throw .unsafeArchive(name, "has an absolute name") }
    let parts = bytes.split(separator: UInt8(ascii: "/")).map { String(decoding: $0, as: UTF8.self) }
      .filter { $0 != "." }
    guard !parts.contains("..") else { throw .unsafeArchive(name, "leads out of the folder by `..`") }
    guard !parts.contains(where: IncomingFile.isUnderWay) else {
      throw .unsafeArchive(name, "has a part that begins with `.#`, as only files under way do")
    }
    guard parts.allSatisfy({ $0.utf8.count <= UnpackLimits.nameLength }), parts.count <= UnpackLimits.depth
    else {
      throw .unsafeArchive(name, "has a part of more than 255 bytes or lies more than 32 deep")
    }
    self.parts = parts
  }
}

/// Takes an archive apart into a folder that nobody else sees. What is wrong with it ends the work; the
/// folder is then thrown away. libarchive's own writer to disk goes by paths and so needs flags against `..`
/// and links; here every folder is open and no link is ever made. Blocks.
struct Unpacking {
  struct Item: Sendable {
    var path: String
    var size: Int64
  }

  let limits: UnpackLimits
  let glob: Glob?
  let flag: CancelFlag

  /// The files in the order of their paths.
  func run(_ archive: consuming OpenFile, into folder: borrowing OpenFolder) throws(Failure) -> [Item] {
    let locale = ThreadLocale()
    defer { locale.keep() }
    let before = try archive.status(of: Self.shown)
    var reader = try ArchiveReader(archive)
    var items: [Item] = []
    try Self.unchanged(&reader, since: before) { reader throws(Failure) in
      items = try all(&reader, before.size, into: folder)
    }
    return items.sorted { ScalarString($0.path) < ScalarString($1.path) }
  }

  private static let shown = "the archive"

  /// Half an archive looks damaged, or whole at a lucky moment; that its writer has not finished is another
  /// matter, which passes.
  static func unchanged(
    _ reader: inout ArchiveReader, since before: FileStatus,
    _ work: (inout ArchiveReader) throws(Failure) -> Void
  ) throws(Failure) {
    do throws(Failure) { try work(&reader) } catch {
      if error.errorClass != .cancelled { try check(reader, before) }
      throw error
    }
    try check(reader, before)
  }

  private static func check(_ reader: borrowing ArchiveReader, _ before: FileStatus) throws(Failure) {
    let after: FileStatus
    do throws(SystemError.Number) { after = try reader.status() } catch { throw .file(error, shown) }
    guard after == before else { throw .changed(shown) }
  }

  private func all(
    _ reader: inout ArchiveReader, _ size: Int64, into folder: borrowing OpenFolder
  ) throws(Failure) -> [Item] {
    var (items, count, total): ([Item], Int, Int64) = ([], 0, 0)
    while let entry = try reader.next() {
      try flag.check()
      count += 1
      guard count <= limits.entries else { throw .archiveLimit("has more than \(limits.entries) entries") }
      let name = try checked(entry)
      if entry.kind == .folder {
        if glob == nil { _ = try Self.make(name.parts, in: folder, name) }
      } else {
        let isWanted =
          glob.map { $0.matches($0.isPath ? name.path : name.parts[name.parts.count - 1]) } ?? true
        let file = isWanted ? try Self.newFile(name, in: folder) : nil
        let before = total
        try copy(&reader, to: file, &total, from: size)
        if isWanted { items.append(Item(path: name.path, size: total - before)) }
      }
      guard limits.allows(reader.expandedBytes, from: size) else { throw tooLarge }
    }
    return items
  }

  private func checked(_ entry: ArchiveReader.Entry) throws(Failure) -> EntryName {
    guard let name = entry.name else { throw .unsafeArchive("?", "has a name that is no UTF-8") }
    guard !entry.isEncrypted else { throw .unsafeArchive(name, "is encrypted") }
    guard entry.kind != .other else { throw .unsafeArchive(name, "is a link or a device") }
    let checked = try EntryName(name)
    guard entry.kind == .folder || !checked.parts.isEmpty else { throw .unsafeArchive(name, "has no name") }
    if let size = entry.size, size > limits.bytes { throw tooLarge }
    return checked
  }

  private func copy(
    _ reader: inout ArchiveReader, to file: consuming OpenFile?, _ total: inout Int64, from size: Int64
  ) throws(Failure) {
    var buffer = [UInt8](repeating: 0, count: OpenFile.chunk)
    while true {
      try flag.check()
      let count = try reader.read(into: &buffer)
      if count == 0 { return }
      total += Int64(count)
      guard limits.allows(total, from: size) else { throw tooLarge }
      do throws(SystemError.Number) { try file?.write(buffer[..<count]) } catch {
        throw .file(error, "the entry")
      }
    }
  }

  private var tooLarge: Failure {
    .archiveLimit(
      "grows to more than \(limits.bytes) bytes, or to more than \(UnpackLimits.ratio) times its size")
  }

  private static func newFile(_ name: EntryName, in folder: borrowing OpenFolder) throws(Failure) -> OpenFile
  {
    let parent = try make(name.parts.dropLast(), in: folder, name)
    do throws(SystemError.Number) { return try parent.newFile(name.parts[name.parts.count - 1]) } catch {
      if error.value == EEXIST { throw .unsafeArchive(name.path, "comes twice") }
      throw .file(error, name.path)
    }
  }

  private static func make(
    _ parts: some Sequence<String>, in folder: borrowing OpenFolder, _ name: EntryName
  ) throws(Failure) -> OpenFolder {
    do throws(SystemError.Number) {
      var found = try folder.again()
      for part in parts {
        try found.makeFolder(part)
        found = try found.folder(part)
      }
      return found
    } catch {
      if error.value == ENOTDIR { throw .unsafeArchive(name.path, "needs a folder where a file is") }
      throw .file(error, name.path)
    }
  }
}
