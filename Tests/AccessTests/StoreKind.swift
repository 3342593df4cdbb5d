import Access
import Foundation
import Stores
import Testing

/// The stores that have to agree.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case memory, file

  static let all = StoreKind.allCases
  var testDescription: String { rawValue }

  /// A new one, which is removed with the last thing that holds it.
  func folder() throws -> ScratchFolder { try ScratchFolder() }

  func open(_ folder: ScratchFolder) throws -> any AccessStore {
    switch self {
    case .memory: MemoryAccessStore()
    case .file: try AccessFile(path: folder.file)
    }
  }

  /// As another process would find it.
  func reopen(_ folder: ScratchFolder, _ old: any AccessStore) throws -> any AccessStore {
    switch self {
    case .memory: old
    case .file: try AccessFile(path: folder.file)
    }
  }
}

final class ScratchFolder: Sendable {
  let path: String
  var file: String { path + "/access.db" }

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "access-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Another hand at the file, as somebody with the right to write it would have.
enum SQLiteShell {
  static func run(_ path: String, _ sql: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = [
      "-c", "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()",
      path, sql,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Unexpected() }
  }
}
