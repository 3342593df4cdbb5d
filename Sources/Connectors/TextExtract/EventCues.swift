/// The words and phrases that speak for a type of event.
enum EventCues {
  struct Cue: Sendable {
    var words: [String]
    var kind: RegulatoryEvent.Kind
    var points: Int
    /// Whether a denial before it, or an undoing around it, is looked for.
    var canBeDenied: Bool
    var length: Int { words.count }
  }

  /// The longest cue that begins at the word.
  static func cue(at index: Int, in text: ScalarText) -> Cue? {
    let words = text.words
    return byFirstWord[words[index].key]?.first { cue in
      index + cue.length <= words.count
        && cue.words.indices.allSatisfy { words[index + $0].key == cue.words[$0] }
        && text.sentence(of: words[index].range.lowerBound)
          == text.sentence(of: words[index + cue.length - 1].range.lowerBound)
    }
  }

  private static let byFirstWord: [String: [Cue]] = Dictionary(grouping: all) { $0.words[0] }
    .mapValues { $0.sorted { $0.length > $1.length } }

  private static let all: [Cue] =
    cues(.fine, 3, fines) + cues(.fine, 2, penalties) + cues(.fine, 0, notFines)
    + cues(.transaction, 3, deals) + cues(.transaction, 2, trades)
    + cues(.incident, 3, accidents) + cues(.incident, 2, failures)
    + cues(.decision, 2, decisions, deniable: false) + cues(.decision, 1, acts, deniable: false)
    + cues(.news, 2, notices, deniable: false)

  private static func cues(
    _ kind: RegulatoryEvent.Kind, _ points: Int, _ phrases: String, deniable: Bool = true
  ) -> [Cue] {
    phrases.split(separator: ",").map { phrase in
      Cue(
        words: phrase.split { $0 == " " || $0 == "\n" }.map(String.init), kind: kind, points: points,
        canBeDenied: deniable && points > 0)
    }
  }

  private static let fines = """
    multa, multas, multou, multada, multadas, multado, multados, multar, auto de infracao, autos de
    infracao
    """
  private static let penalties = """
    penalidade, penalidades, penalidade de multa, sancao, sancoes, autuada, autuadas, autuado,
    autuou, autuacao, punida, punidas, pune, puniu, advertencia
    """
  /// A fine of a contract is no fine of an authority: these phrases take the word away from `fines`.
  private static let notFines = """
    multa rescisoria, multa contratual, multas contratuais, multas rescisorias, multa de mora, multa
    moratoria
    """
  private static let deals = """
    aquisicao, aquisicoes, adquire, adquiriu, adquirir, fusao, oferta publica de aquisicao,
    alienacao do controle, compra e venda, venda do controle, conclui a compra, concluiu a compra,
    concluiu a venda, emissao de debentures, oferta publica de acoes, ato de concentracao,
    incorporacao, joint venture
    """
  private static let trades = """
    compra, comprou, vende, vendeu, venda, alienacao, arrematou, arremata, cisao, participacao
    societaria, debentures
    """
  private static let accidents = """
    apagao, blecaute, vazamento, vazamentos, explosao, incendio, rompimento, derramamento, ataque
    cibernetico, incidente de seguranca, acidente, colisao, desabamento, descarrilamento, queda de
    energia
    """
  private static let failures = """
    interrupcao do fornecimento, interrupcao no fornecimento, interrupcao, interrompeu, sem energia,
    sem luz, fora do ar, indisponibilidade, falha, pane, vitimas, feridos
    """
  private static let decisions = """
    decide, decidiu, decisao, julga, julgou, julgamento, aprova, aprovou, aprovada, aprovado,
    homologa, homologou, condena, condenou, absolve, absolveu, arquiva, arquivou, arquivamento,
    indefere, indeferiu, indeferido, defere, deferiu, deferido, determina, determinou, determinacao,
    liminar, nega, negou, nega provimento, revoga, revogou, anula, anulou, suspende, suspendeu,
    medida cautelar, termo de compromisso, autoriza, autorizou, rejeita, rejeitou
    """
  private static let acts = """
    despacho, resolucao, portaria, acordao, colegiado, recurso, voto, relator, relatora, sentenca
    """
  private static let notices = """
    divulga, divulgou, publica, publicou, anuncia, anunciou, abre, abriu, lanca, lancou, promove,
    promoveu, informa, informou, consulta publica, audiencia publica, tomada de subsidios,
    seminario, relatorio, boletim, inscricoes, evento, webinar, realiza, realizou, participa,
    participou
    """
}
