public import Crypto
public import Engine
import Glibc
internal import Model
import Synchronization

/// Keeps the checkpoint of a step execution in its process folder, sealed with the key of its job, until the
/// job has ended.
public final class CheckpointFile: Sendable {
  private let folder: String
  private let place: String
  private let key: SymmetricKey
  private let stepKey: String
  /// Whether the folder's own name is durable.
  private let isRooted = Atomic(false)
  private static let sizeLimit = 2 * Checkpoints.sizeLimit

  /// `place` keeps the file of one step execution from standing for another's; `stepKey` tells rounds apart.
  public init(folder: String, place: String, key: SymmetricKey, stepKey: String) {
    (self.folder, self.place, self.key, self.stepKey) = (folder, place, key, stepKey)
  }

  public var checkpoints: Checkpoints {
    Checkpoints(
      save: { (state) throws(Failure) in try self.save(state) },
      load: { () throws(Failure) in try self.load() })
  }

  private var path: String { folder + "/checkpoint" }

  private func save(_ state: JSON) throws(Failure) {
    let plain = JSON.object(JSONObject([("step_key", .string(stepKey)), ("state", state)])).serialized()
    let sealed = AES256GCM.seal(plain, key: key, additionalData: Array(place.utf8))
    var isKept = AtomicFile.write(sealed, to: path, durable: true)
    if isKept, !isRooted.load(ordering: .relaxed) {
      let above = folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)]
      isKept = AtomicFile.syncFolder(of: folder) && AtomicFile.syncFolder(of: String(above))
      isRooted.store(isKept, ordering: .relaxed)
    }
    guard isKept else {
      throw Failure(
        .transient, code: "work-folder", "The checkpoint cannot be kept: \(SystemError.text(errno)).")
    }
  }

  /// Nothing where another round wrote it, or where it is not whole: the attempt then begins anew, which is
  /// always right.
  private func load() throws(Failure) -> JSON? {
    guard let sealed = SmallFile.read(path, limit: Self.sizeLimit) else { return nil }
    do {
      let plain = try AES256GCM.open(sealed, key: key, additionalData: Array(place.utf8))
      let kept = try JSON(parsing: plain)
      guard let owner = kept["step_key"]?.string, ScalarString(owner) == ScalarString(stepKey) else {
        return nil
      }
      return kept["state"]
    } catch { return nil }
  }
}
