internal import Crypto
public import Engine
internal import Glibc
internal import Model

/// The files of a data folder that rules of retention delete.
public enum RetainedFolder {
  public static func files(of folder: DataFolder) -> RetainedFiles {
    let (logs, artifacts) = (folder.logsPath, folder.artifactsPath)
    var files = RetainedFiles()
    files.logs = {
      BackupFiles.names(in: logs).compactMap { name in
        guard let job = ID<Job>(name), let status = status(of: logs + "/" + name) else { return nil }
        return (job, status.size)
      }
    }
    // One that cannot be removed is found again by the next run.
    let incidents = folder.path + "/incidents"
    files.removeLog = {
      unlink(logs + "/" + $0.description)
      unlink("\(incidents)/\($0).json")
    }
    files.artifacts = { list(artifacts + "/" + $0) }
    files.removeArtifact = { namespace, artifact, stillMayGo in
      remove(artifact, in: artifacts + "/" + namespace, stillMayGo)
    }
    return files
  }

  private static let leaving = ".leaving-"

  private static func list(_ folder: String) -> [RetainedFiles.Artifact] {
    var found: [RetainedFiles.Artifact] = []
    for part in BackupFiles.names(in: folder) where part.utf8.count == 2 {
      let home = folder + "/" + part
      for name in BackupFiles.names(in: home) {
        if name.hasPrefix(leaving) { putBack(String(name.dropFirst(leaving.count)), in: home) }
        guard Hex.decode(name)?.count == SHA256.byteCount, let status = status(of: home + "/" + name) else {
          continue
        }
        found.append(RetainedFiles.Artifact(sha256: name, bytes: status.size, at: status.at))
      }
    }
    return found
  }

  /// An attempt may store the same bytes at this very moment, under the same name. So the file leaves its
  /// name first; where it is not the old one, or is wanted after all, it gets it back.
  private static func remove(
    _ artifact: RetainedFiles.Artifact, in folder: String, _ stillMayGo: () -> Bool
  ) -> Bool {
    let home = folder + "/" + artifact.sha256.prefix(2)
    let aside = home + "/" + leaving + artifact.sha256
    guard rename(home + "/" + artifact.sha256, aside) == 0 else { return false }
    guard status(of: aside)?.at == artifact.at, stillMayGo() else {
      putBack(artifact.sha256, in: home)
      return false
    }
    return unlink(aside) == 0
  }

  private static func putBack(_ name: String, in home: String) {
    // A new file of that name has the same bytes.
    _ = link(home + "/" + leaving + name, home + "/" + name)
    unlink(home + "/" + leaving + name)
  }

  private static func status(of path: String) -> (size: Int64, at: Timestamp)? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let microseconds = Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1_000
    return (Int64(status.st_size), Timestamp(microseconds: microseconds))
  }
}
