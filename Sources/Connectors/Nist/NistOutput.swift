import Engine
import Model

/// Puts a file into a folder below a root that is there: whole or not at all, also after the power fails, and
/// never over another file. Blocks: not for the shared threads.
struct NistOutput: Sendable {
  var folder: String
  var name: String
  private static let nameLimit = 200

  /// The whole path. What an earlier attempt of the step left there is taken for ours.
  func write(_ bytes: [UInt8], _ attempt: Attempt) throws(Failure) -> String {
    let place = try RootedPath(folder, in: attempt.services.roots, writing: true)
    guard Self.isName(name) else {
      throw Failure(
        .data, code: "unsafe-path",
        "The file name `\(name.prefix(200))` is not allowed: no `/`, no control character, no point at the "
          + "beginning, and at most \(Self.nameLimit) bytes.")
    }
    // An inbox that nobody made is one that nobody watches.
    _ = try place.folder(making: place.parts.isEmpty)
    let record = PlaceRecord(attempt, "synthesize \(place.root.path) \(place.parts) \(name)")
    return try FileCopy(to: place.child(name), .fail, record).run(bytes).0.absolute
  }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix(".") && name.utf8.count <= nameLimit
      && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }
  }
}
