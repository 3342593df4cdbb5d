import Connectors
import Crypto
import Engine
import Glibc
import Model
import Stores
import Synchronization

/// Gives attempts their folders, logs, artifacts and secrets in a data folder.
final class AttemptPlaces: Sendable {
  private let path: String
  private let store: any ReadModel
  private let vault: Vault
  private let artifacts: ArtifactFiles
  private let lines: ArtifactLines
  private let logs: LogFiles
  /// Which attempt has which credential.
  let leases = CredentialLeases(pause: Program.pause)
  /// Set once the node exists; nothing asks for it before.
  private let write = Mutex<(@Sendable ([CatalogWrite]) async throws(Problem) -> Void)?>(nil)

  init(path: String, store: any ReadModel, vault: Vault, artifacts: ArtifactFiles, logs: LogFiles) {
    (self.path, self.store, self.vault) = (path, store, vault)
    (self.artifacts, self.logs) = (artifacts, logs)
    lines = ArtifactLines(artifacts)
  }

  func writes(with write: @escaping @Sendable ([CatalogWrite]) async throws(Problem) -> Void) {
    self.write.withLock { $0 = write }
    leases.writes(with: write)
  }

  var environment: AttemptEnvironment {
    var environment = attempts
    environment.leased = { [leases] in leases.begin($0) }
    environment.checkpoints = { [self] attempt, stepKey in
      // The key was fetched when the attempt was prepared.
      guard let key = vault.knownKey(of: attempt.job) else { return .none }
      return CheckpointFile(
        folder: processFolder(of: attempt), place: "checkpoint \(attempt.job) \(attempt.node)", key: key,
        stepKey: stepKey
      ).checkpoints
    }
    environment.lines = LineReading(
      count: { [self] (namespace, sha256) throws(Failure) in
        try await lines.count(sha256: sha256, namespace: namespace, key: try knownKey(namespace, sha256))
      },
      read: { [self] (namespace, sha256, range) throws(Failure) in
        let key = try knownKey(namespace, sha256)
        return try await lines.read(range, sha256: sha256, namespace: namespace, key: key)
      })
    environment.roots = { [self] (namespace) throws(Failure) in
      let granted = try failing { () throws(Problem) in try ConfigFile(folder: path).roots(of: namespace) }
      return FileRoots(own: "\(path)/folders/\(namespace)", granted: granted)
    }
    environment.grants = { [self] (pipeline) throws(Failure) in
      try failing { () throws(Problem) in try ConfigFile(folder: path).grants(of: pipeline) }
    }
    return environment
  }

  private func knownKey(_ namespace: String, _ sha256: String) throws(Failure) -> SymmetricKey {
    guard let key = try failing({ () throws(Problem) in try vault.key(ofNamespace: namespace) }) else {
      throw Failure(.data, code: "artifact-missing", "There is no artifact \(sha256) in \(namespace).")
    }
    return key
  }

  private var attempts: AttemptEnvironment {
    AttemptEnvironment(
      prepare: { [self] (attempt) throws(Failure) in try prepare(attempt) },
      cleanUp: { [self] attempt in
        leases.end(of: attempt)
        Folder.remove(workFolder(of: attempt))
      },
      settle: { [self] in ChildProcesses.removeOutcome(below: processFolder(of: $0), attempt: $0.number) },
      forget: { [self] job in await forget(job) },
      log: { [self] attempt, at, level, text in log(attempt, at, level, text) },
      flushLog: { [self] attempt in await logs.flush(attempt.job) },
      storeArtifact: { [self] (namespace, name, file, type) throws(Failure) in
        try await storeArtifact(namespace, name, file, type)
      },
      fetchArtifact: { [self] (namespace, sha256, file) throws(Failure) in
        let key = try knownKey(namespace, sha256)
        try await artifacts.fetch(sha256: sha256, namespace: namespace, key: key, to: file)
      },
      connection: { [self] (name, namespace) throws(Failure) in
        let found = try reading { () throws(StoreError) in
          try store.readConnection(name, in: namespace)
        }
        guard let found else { throw .noConnection(name, namespace) }
        return found
      },
      credential: { [self] (name, namespace) throws(Failure) in
        let found = try reading { () throws(StoreError) in
          try store.readCredential(name, in: namespace)
        }
        guard let found else { throw .noCredential(name, namespace) }
        return try failing { () throws(Problem) in try vault.lend(found) }
      })
  }
}

// Folders.
extension AttemptPlaces {
  private func prepare(_ attempt: AttemptIdentity) throws(Failure) -> AttemptFolders {
    _ = try failing { () throws(Problem) in try vault.key(of: attempt.job) }
    let work = workFolder(of: attempt)
    let process = processFolder(of: attempt)
    let objects = "\(path)/objects"
    // A lost attempt of the same number may have left something there.
    Folder.remove(work)
    return AttemptFolders(
      work: work, process: process, objects: objects, files: try files(of: attempt),
      make: { _ = Folder.make($0) })
  }

  private func workFolder(of attempt: AttemptIdentity) -> String {
    "\(path)/work/\(attempt.job)/\(attempt.node)-\(attempt.number)"
  }

  private func processFolder(of attempt: AttemptIdentity) -> String {
    "\(path)/processes/\(attempt.job)/\(attempt.node)"
  }

  /// Lays out a revision's files once, under the hash of their contents; they are read-only from then on.
  private func files(of attempt: AttemptIdentity) throws(Failure) -> String? {
    let hash = try reading { () throws(StoreError) in
      try store.fileSet(of: attempt.pipeline, number: attempt.revision)
    }
    guard let hash else { return nil }
    let folder = "\(path)/files/\(Hex.encode(hash))"
    if access(folder, F_OK) == 0 { return folder }
    let revision = try reading { () throws(StoreError) in
      try store.readRevision(of: attempt.pipeline, number: attempt.revision)
    }
    guard let revision else { return nil }
    let draft = "\(path)/files/draft-\(attempt.job)-\(attempt.node)-\(attempt.number)"
    Folder.remove(draft)
    for file in revision.files {
      let place = "\(draft)/\(file.path)"
      let parent = place[..<(place.lastIndex(of: "/") ?? place.endIndex)]
      guard Folder.make(String(parent)),
        Folder.write(file.bytes, to: place, mode: file.isExecutable ? 0o500 : 0o400)
      else { throw Self.noFolder(place, errno) }
    }
    // Another attempt may have been faster, and its copy is the same.
    if rename(draft, folder) != 0 { Folder.remove(draft) }
    guard access(folder, F_OK) == 0 else { throw Self.noFolder(folder, errno) }
    return folder
  }

  private func forget(_ job: ID<Job>) async {
    Folder.remove("\(path)/work/\(job)")
    Folder.remove("\(path)/processes/\(job)")
    await logs.close(job)
    vault.forget(job)
  }

  private static func noFolder(_ path: String, _ number: Int32) -> Failure {
    Failure(
      number == ENOSPC || number == EDQUOT ? .transient : .internal, code: "work-folder",
      "\(path) cannot be made: \(String(cString: strerror(number))).")
  }
}

// Bytes.
extension AttemptPlaces {
  private func log(_ attempt: AttemptIdentity, _ at: Timestamp, _ level: LogLevel, _ text: String) {
    // The key was fetched when the attempt was prepared; without it nothing may be written.
    guard let key = vault.knownKey(of: attempt.job) else { return }
    logs.append(
      LogLine(at: at, level: level, node: attempt.node, attempt: attempt.number, message: text),
      job: attempt.job, key: key)
  }

  private func storeArtifact(
    _ namespace: String, _ name: String, _ file: String, _ type: String
  ) async throws(Failure) -> ArtifactHandle {
    let stored = try await artifacts.store(path: file, namespace: namespace, key: try await key(namespace))
    return ArtifactHandle(sha256: stored.sha256, name: name, size: stored.size, mediaType: type)
  }

  /// The key of a namespace; its first artifact makes one.
  private func key(_ namespace: String) async throws(Failure) -> SymmetricKey {
    if let key = try failing({ () throws(Problem) in try vault.key(ofNamespace: namespace) }) { return key }
    let wrapped = vault.newKey(forNamespace: namespace)
    if let write = write.withLock({ $0 }) {
      do throws(Problem) {
        try await write([.namespaceKey(namespace: namespace, wrapped: wrapped)])
      } catch {
        let isPassing = error.code == "store-full" || error.code == "not-yet-stored"
        throw Failure(isPassing ? .transient : .internal, code: error.code, error.message.english)
      }
    }
    guard let key = try failing({ () throws(Problem) in try vault.key(ofNamespace: namespace) }) else {
      throw Failure(.internal, code: "namespace-key", "The key of the namespace \(namespace) was not stored.")
    }
    return key
  }
}

private func failing<Value>(_ body: () throws(Problem) -> Value) throws(Failure) -> Value {
  do {
    return try body()
  } catch {
    throw Failure(.internal, code: error.code, error.message.english)
  }
}

private func reading<Value>(_ body: () throws(StoreError) -> Value) throws(Failure) -> Value {
  do {
    return try body()
  } catch {
    throw Failure(.transient, code: "store-unavailable", "The store cannot be read: \(error).")
  }
}
