internal import Crypto
public import Engine
public import Model

// What is asked of a backup that is there.
extension BackupFolder {
  public var databasePath: String { path + "/esteira.db" }
  /// Where its own key lies, if it holds one.
  public var keyPath: String { path + "/master.key" }

  /// What is not as the manifest says, and what SQLite says of the store. Reads all bytes.
  public func faults() -> [Bilingual] {
    var faults: [Bilingual] = []
    for file in manifest.files {
      do throws(FileError) {
        let found = try BackupFiles.digest(path + "/" + file.path)
        if found.size != file.size || found.sha256 != file.sha256 {
          faults.append(
            Bilingual(
              "\(file.path) is not as it was written.", pt: "\(file.path) não está como foi gravado."))
        }
      } catch {
        faults.append(
          Bilingual(
            "\(file.path) cannot be read: \(error).", pt: "\(file.path) não pode ser lido: \(error)."))
      }
    }
    let known = Set(manifest.files.map(\.path) + [BackupManifest.name])
    for path in BackupFiles.files(below: path) where !known.contains(path) {
      faults.append(
        Bilingual("\(path) is not in the manifest.", pt: "\(path) não está no manifesto."))
    }
    for name in Self.besides where known.contains(name) { faults += damage(of: name) }
    return faults + storeFaults()
  }

  private func damage(of name: String) -> [Bilingual] {
    do throws(SQLiteError) {
      let database = try Database.open(path + "/" + name, .reads, setUp: Database.reading)
      return try database.integrityFaults().map { Bilingual("\(name): \($0)", pt: "\(name): \($0)") }
    } catch {
      return [Bilingual("\(name): \(error.message)", pt: "\(name): \(error.message)")]
    }
  }

  private func storeFaults() -> [Bilingual] {
    do throws(SQLiteError) {
      let database = try Database.open(databasePath, .reads, setUp: Database.reading)
      return (try database.integrityFaults() + database.orphans()).map {
        Bilingual("esteira.db: \($0)", pt: "esteira.db: \($0)")
      }
    } catch {
      return [Bilingual("esteira.db: \(error.message)", pt: "esteira.db: \(error.message)")]
    }
  }

  /// The artifacts that it holds.
  public var artifacts: [(namespace: String, sha256: String)] {
    manifest.files.compactMap { file in
      let parts = file.path.split(separator: "/").map(String.init)
      return parts.count == 4 && parts[0] == "artifacts" ? (parts[1], parts[3]) : nil
    }
  }
}

extension BackupFolder {
  /// The erasures that the backups beside this one, newer ones too, and the data folder at `data` know of.
  public func knownErasures(beside data: String) throws(Problem) -> [Erasure] {
    let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
      separator: "/")
    let folders = Self.list(in: parent.isEmpty ? "." : parent).map(\.path) + [path, data]
    var known: [ID<Erasure>: Erasure] = [:]
    for folder in folders {
      for erasure in try ErasureFile(folder: folder).read() { known[erasure.id] = erasure }
    }
    return known.values.sorted { $0.id < $1.id }
  }
}

// A backup becomes a data folder.
extension BackupFolder {
  /// Makes `target`, which is missing or empty, with the key of the file `key`. Each file is compared with
  /// the manifest while it is copied, and the key must open the store, before the folder has its name.
  ///
  /// `erasures`: what was erased since the backup was made. The next start erases it again.
  public func restore(
    to target: String, key: String, unlock: KeyUnlock = .none, erasures: [Erasure] = []
  ) throws(Problem) {
    let kind = BackupFiles.kind(of: target)
    guard kind == nil || kind == .folder && BackupFiles.names(in: target).isEmpty else {
      throw .restoreTarget(target)
    }
    _ = try DataFolder.openForReading(path: path, keyPath: key, unlock: unlock)
    let draft = target + ".restoring-" + Hex.encode(SecureRandom.bytes(4))
    do throws(Problem) {
      try fill(draft, key)
      try ErasureFile(folder: draft).add(erasures)
      do throws(FileError) {
        try Folder.rename(draft, to: target)
        try Folder.sync(target + "/..")
      } catch { throw .backupFailed(target, "\(error)") }
    } catch {
      BackupFiles.remove(draft)
      throw error
    }
  }

  private func fill(_ draft: String, _ key: String) throws(Problem) {
    var damaged: String?
    do throws(FileError) {
      try Folder.make(draft)
      var folders: Set<String> = [draft]
      for file in manifest.files where file.path != "master.key" && damaged == nil {
        let place = draft + "/" + file.path
        if let slash = place.lastIndex(of: "/") {
          let folder = String(place[..<slash])
          if folders.insert(folder).inserted { try Folder.make(folder) }
        }
        let read = try BackupFiles.copy(path + "/" + file.path, to: place)
        if read.size != file.size || read.sha256 != file.sha256 { damaged = file.path }
      }
      _ = try BackupFiles.copy(key, to: draft + "/master.key")
      for folder in folders { try Folder.sync(folder) }
    } catch { throw .backupFailed(draft, "\(error)") }
    if let damaged { throw .backupDamaged(path, damaged) }
  }
}

extension Database {
  fileprivate func integrityFaults() throws(SQLiteError) -> [String] {
    var lines: [String] = []
    try query("PRAGMA integrity_check") { row in lines.append(row.text(0)) }
    return lines == ["ok"] ? [] : lines
  }
}
