import Foundation
import Model
import Testing

/// The files that are to arrive, and what must become of each.
struct Arrivals {
  struct File {
    var name: String
    var sha256: String
    /// `ok`, or what is wrong with it: the word that its reason must have.
    var expected: String
  }

  let staging: URL
  private(set) var files: [File] = []
  var good: Set<String> { Set(files.filter { $0.expected == "ok" }.map(\.sha256)) }
  var contents: Set<String> { Set(files.map(\.sha256)) }

  /// Made of the real file where it is at hand, else of a minimal one; some broken, some without the type of
  /// transaction, some with the content of others.
  init(count: Int, broken: Int, untyped: Int, copies: Int, in station: Station) throws {
    staging = station.folder.appending(path: "staging")
    let tools = Station.blueprint.appending(path: "tools")
    var source = Station.repository.appending(path: "../shared/data/nist/type-4-14-flats.eft")
    if !FileManager.default.fileExists(atPath: source.path) {
      source = station.folder.appending(path: "minimal.eft")
      _ = try station.run(
        "/usr/bin/env", "python3", tools.appending(path: "minimal_nst.py").path, source.path)
    }
    _ = try station.run(
      "/usr/bin/env", "python3", tools.appending(path: "make_nst.py").path, "--source", source.path,
      "--folder",
      staging.path, "--count", String(count), "--broken", String(broken))
    try readManifest()
    for number in 0..<untyped {
      let name = "untyped-\(number).nst"
      _ = try station.run(
        "/usr/bin/env", "python3", tools.appending(path: "minimal_nst.py").path,
        staging.appending(path: name).path, "--mark", name, "--without-type")
      try add(name, "no-transaction-type", in: station)
    }
    for original in files.filter({ $0.expected == "ok" }).prefix(copies) {
      let copy = File(name: "copy-of-\(original.name)", sha256: original.sha256, expected: "ok")
      try FileManager.default.copyItem(
        at: staging.appending(path: original.name), to: staging.appending(path: copy.name))
      files.append(copy)
    }
  }

  private mutating func readManifest() throws {
    let text = try String(contentsOf: staging.appending(path: "manifest.json"), encoding: .utf8)
    for entry in try #require(try JSON(parsing: text).object) {
      files.append(
        File(
          name: entry.key, sha256: try #require(entry.value["sha256"]?.string),
          expected: try #require(entry.value["expected"]?.string)))
    }
  }

  private mutating func add(_ name: String, _ expected: String, in station: Station) throws {
    let sum = try station.run("/usr/bin/sha256sum", staging.appending(path: name).path)
    files.append(File(name: name, sha256: String(sum.prefix(64)), expected: expected))
  }

  /// Every other file is written in the inbox itself, the rest appears there whole.
  func arrive(_ range: Range<Int>, in inbox: URL) throws {
    for index in range.clamped(to: files.indices) {
      let (source, name) = (staging.appending(path: files[index].name), files[index].name)
      if index.isMultiple(of: 2) {
        try FileManager.default.moveItem(at: source, to: inbox.appending(path: name))
      } else {
        try Data(contentsOf: source).write(to: inbox.appending(path: name))
        try FileManager.default.removeItem(at: source)
      }
    }
  }

  /// Takes a file out, for a writer that takes its time.
  mutating func takeLastGood() throws -> (file: File, bytes: Data) {
    let index = try #require(files.lastIndex { $0.expected == "ok" && $0.name.hasPrefix("person-") })
    let file = files.remove(at: index)
    return (file, try Data(contentsOf: staging.appending(path: file.name)))
  }
}

/// Writes a file in pieces and keeps it open all the while.
final class SlowWriter {
  let place: URL
  private let handle: FileHandle
  private var rest: Data
  private let piece: Int

  init(_ bytes: Data, pieces: Int, to place: URL) throws {
    (self.place, rest, piece) = (place, bytes, bytes.count / pieces + 1)
    try #require(FileManager.default.createFile(atPath: place.path, contents: nil))
    handle = try FileHandle(forWritingTo: place)
    try writePiece()
  }

  func writePiece() throws {
    try handle.write(contentsOf: rest.prefix(piece))
    rest = rest.dropFirst(piece)
  }

  func finish() throws {
    try handle.write(contentsOf: rest)
    try handle.close()
  }
}
