import CLI
import CSystem
import Engine
import Glibc
import Model
import Net
import Stores

// The machine and the folder.
extension Checks {
  private static let leastFiles: rlim_t = 1_024
  /// A certificate that ends so soon is told.
  static let soon = Duration.seconds(14 * 86_400)
  private static let clockSlack = Duration.seconds(60)

  var machine: [Check] {
    configuration + [clock, folder, openFiles] + files + tools + ports + certificates
  }

  private var configuration: [Check] {
    let report: ConfigReport
    do throws(Problem) { report = try ConfigDesk(ConfigWish(data: path)).report() } catch {
      return [Check(state: .error, name: "config", text: error.message, remedy: error.remedy)]
    }
    if report.findings.isEmpty {
      let text =
        report.isThere
        ? Bilingual("esteira.yaml is valid", pt: "esteira.yaml é válido")
        : Bilingual("no esteira.yaml: everything is as usual", pt: "sem esteira.yaml: tudo segue o usual")
      return [Check(state: .ok, name: "config", text: text)]
    }
    return report.findings.map { finding in
      let place = finding.line.map { "\(finding.place):\($0)" } ?? finding.place
      let text = finding.problem.message
      return Check(
        state: .error, name: "config",
        text: Bilingual("\(place): \(text.english)", pt: "\(place): \(text.portuguese)"),
        remedy: Bilingual("esteira config check", pt: "esteira config check"))
    }
  }

  /// Without asking anybody outside: whether the kernel believes its clock, and whether the newest job is
  /// older than now.
  private var clock: Check {
    let remedy = Bilingual(
      "let chrony or systemd-timesyncd set it", pt: "deixe o chrony ou o systemd-timesyncd acertá-lo")
    // What cannot be read is told by the check of the store.
    let newest = (try? readModel.jobs(JobFilter(), before: nil, limit: 1))?.first?.createdAt
    if let newest, newest - Program.now() > Self.clockSlack {
      return Check(
        state: .error, name: "clock",
        text: Bilingual(
          "it went back: the newest job is of \(newest.rfc3339)",
          pt: "ele voltou atrás: o job mais novo é de \(newest.rfc3339)"), remedy: remedy)
    }
    let error = csystem_clock_error()
    switch error {
    case 0...: break
    case -1:
      return Check(
        state: .warn, name: "clock",
        text: Bilingual("nothing keeps it set", pt: "nada o mantém acertado"), remedy: remedy)
    case _:
      return Check(
        state: .ok, name: "clock",
        text: Bilingual(
          "\(Program.now().rfc3339); the kernel does not say whether it is set",
          pt: "\(Program.now().rfc3339); o kernel não diz se está acertado"))
    }
    let shown = Duration.microseconds(Int64(error)).text
    return Check(
      state: .ok, name: "clock",
      text: Bilingual("set, to about \(shown)", pt: "acertado, com erro de cerca de \(shown)"))
  }

  private var folder: Check {
    var status = stat()
    guard stat(path, &status) == 0 else {
      return Check(
        state: .error, name: "folder", text: Bilingual("\(path) is not there", pt: "\(path) não existe"))
    }
    if status.st_mode & 0o077 != 0 {
      return Check(
        state: .error, name: "folder",
        text: Bilingual("others can enter \(path)", pt: "outros podem entrar em \(path)"),
        remedy: Bilingual("chmod 700 \(path)", pt: "chmod 700 \(path)"))
    }
    guard status.st_uid == geteuid(), access(path, W_OK) == 0 else {
      let owner = Places.user(status.st_uid)
      return Check(
        state: .error, name: "folder",
        text: Bilingual("\(path) belongs to \(owner)", pt: "\(path) pertence a \(owner)"),
        remedy: Bilingual("run Esteira as \(owner)", pt: "rode o Esteira como \(owner)"))
    }
    return Check(
      state: .ok, name: "folder",
      text: Bilingual("\(path), for its owner alone", pt: "\(path), só do dono"))
  }

  /// The key for its owner alone, whatever the folder says; and each database whole.
  private var files: [Check] {
    var checks: [Check] = []
    for name in ["master.key", "esteira.yaml"] {
      var status = stat()
      guard stat("\(path)/\(name)", &status) == 0 else { continue }
      // The configuration holds no secret; but who writes it decides who may sign in.
      let forbidden: mode_t = name == "esteira.yaml" ? 0o022 : 0o077
      if status.st_mode & forbidden != 0 {
        let mode = name == "esteira.yaml" ? "go-w" : "600"
        checks.append(
          Check(
            state: name == "master.key" ? .error : .warn, name: "files",
            text: Bilingual("others can reach \(name)", pt: "outros alcançam \(name)"),
            remedy: Bilingual("chmod \(mode) \(path)/\(name)", pt: "chmod \(mode) \(path)/\(name)")))
      }
    }
    return checks + ["esteira.db", "access.db", "watch.db"].compactMap(database)
  }

  private func database(_ name: String) -> Check? {
    switch FileCheck(path: "\(path)/\(name)") {
    case .missing: nil
    case .sound:
      Check(state: .ok, name: "verify", text: Bilingual("\(name) is whole", pt: "\(name) está íntegro"))
    case .tooLarge:
      Check(
        state: .ok, name: "verify",
        text: Bilingual(
          "\(name) is too large for a quick look: `esteira backup verify` checks a copy",
          pt: "\(name) é grande demais para uma olhada: `esteira backup verify` confere uma cópia"))
    case .damaged(let text):
      Check(
        state: .error, name: "verify",
        text: Bilingual("\(name) is damaged: \(text)", pt: "\(name) está danificado: \(text)"),
        remedy: Bilingual("restore a backup", pt: "restaure um backup"))
    }
  }

  private var openFiles: Check {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let text = Bilingual(
      "\(limit.rlim_cur) open files at most", pt: "no máximo \(limit.rlim_cur) arquivos abertos")
    return limit.rlim_cur < Self.leastFiles
      ? Check(
        state: .warn, name: "limits", text: text,
        remedy: Bilingual("LimitNOFILE=65536 in the unit", pt: "LimitNOFILE=65536 na unidade"))
      : Check(state: .ok, name: "limits", text: text)
  }

  /// Programs that steps run.
  private var tools: [Check] {
    let folders = (Places.environment("PATH") ?? "/usr/bin:/bin").split(separator: ":")
    return ["bash", "python3"].compactMap { name in
      if folders.contains(where: { access("\($0)/\(name)", X_OK) == 0 }) { return nil }
      let kind = name == "bash" ? "shell" : "python"
      return Check(
        state: .warn, name: "tools",
        text: Bilingual(
          "\(name) is not in PATH: steps of `\(kind)` fail",
          pt: "\(name) não está em PATH: passos de `\(kind)` falham"),
        remedy: Bilingual("apt install \(name)", pt: "apt install \(name)"))
    }
  }

  /// Beside no server: whether one could listen where it is told to.
  private var ports: [Check] {
    // What is wrong with the file is told by the check of the configuration.
    guard !isServer, let setting = try? ServerSetting.effective(ConfigFile(folder: path), listen: []) else {
      return []
    }
    return (setting.listen ?? Listening.usual).compactMap { place in
      guard place.port != 0, let reason = ListenAddress.obstacle(place.address, port: place.port) else {
        return nil
      }
      return Check(
        state: .warn, name: "port",
        text: Bilingual(
          "\(place.description) cannot be opened: \(reason)",
          pt: "\(place.description) não pode ser aberto: \(reason)"),
        remedy: Bilingual(
          "choose another in server.listen, or end the other program",
          pt: "escolha outro em server.listen, ou encerre o outro programa"))
    }
  }

  private var certificates: [Check] {
    // As above.
    guard let tls = (try? ConfigFile(folder: path).server())?.tls else { return [] }
    let facts: CertificateFacts
    do throws(CertificateError) { facts = try CertificateFacts(ofFile: tls.certificate) } catch {
      return [Check(state: .error, name: "tls", text: Listening.badCertificate(error).message)]
    }
    let until = Timestamp(microseconds: facts.validUntil * 1_000_000)
    let (left, day) = (until - Program.now(), until.rfc3339)
    let remedy = Bilingual("renew it, then send SIGHUP", pt: "renove-o e envie SIGHUP")
    if left <= .zero {
      return [
        Check(
          state: .error, name: "tls",
          text: Bilingual("the certificate ended at \(day)", pt: "o certificado terminou em \(day)"),
          remedy: remedy)
      ]
    }
    let text = Bilingual("the certificate is valid until \(day)", pt: "o certificado vale até \(day)")
    return left < Self.soon
      ? [Check(state: .warn, name: "tls", text: text, remedy: remedy)]
      : [Check(state: .ok, name: "tls", text: text)]
  }
}
