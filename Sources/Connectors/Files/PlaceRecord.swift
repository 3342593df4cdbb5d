import Crypto
import Engine
import Model

/// What a step execution is about to give which name, written down durably before it does.
///
/// An attempt may be repeated although the one before took effect: its node died between the rename and the
/// commit of its end. The file under the new name is then ours exactly if it is the one that the record tells
/// of, by its number in the file system, size and moment of change, which a rename keeps. So a repeat neither
/// fails because its source is gone, nor takes somebody else's file of that name for its own.
///
/// It lies with the state of child processes, which goes when the job is forgotten. Blocks.
struct PlaceRecord: Sendable {
  private let folder: String
  private let path: String
  let key: String
  private static let sizeLimit = 1 << 16

  /// `key` tells several places of one step from each other.
  init(_ attempt: Attempt, _ key: String) {
    self.key = "\(attempt.stepKey)\n\(key)"
    folder = attempt.services.processFolder
    path = "\(folder)/placed-\(SHA256.hex(Array(self.key.utf8)).prefix(32))"
  }

  /// `source`: the mark of what is still to be removed once the new name is there.
  func write(name: String, _ status: FileStatus, source: JSON? = nil) throws(Failure) {
    var json = JSONObject([("name", .string(name)), ("placed", Self.mark(status))])
    json["source"] = source
    guard Folders.make(folder), AtomicFile.write(JSON.object(json).serialized(), to: path, durable: true)
    else {
      throw .workFolder(SystemError.Number.last.value)
    }
  }

  /// What an earlier attempt put into this folder and is still there, unchanged.
  func placed(in folder: borrowing OpenFolder) -> (name: String, status: FileStatus, source: JSON?)? {
    guard let bytes = SmallFile.read(path, limit: Self.sizeLimit),
      case .success(let json) = Result(catching: { () throws(JSONError) in try JSON(parsing: bytes) }),
      let name = json["name"]?.string, let expected = json["placed"],
      let there = try? folder.status(of: name), Self.mark(there) == expected
    else { return nil }
    return (name, there, json["source"])
  }

  var exists: Bool { Folders.isFile(path) }

  /// What a rename keeps of a file. Its device is left out: the system may give that another number when it
  /// starts again, and a start is just when a record is read.
  static func mark(_ status: FileStatus) -> JSON {
    // Entries come and go in a folder, so only its number tells it.
    let isFolder = status.kind == .folder
    return [
      "number": .string(String(status.number)), "size": .int(isFolder ? 0 : status.size),
      "modified": .int(isFolder ? 0 : status.modified),
    ]
  }

  /// What also notices that a file got other rights, another name, or its old time back after a change.
  static func exactMark(_ status: FileStatus) -> JSON {
    [
      "number": .string(String(status.number)), "size": .int(status.size),
      "modified": .int(status.modified), "changed": .int(status.stamp.changed),
    ]
  }
}
