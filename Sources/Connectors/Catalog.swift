public import Engine
public import Model
public import Net

/// Every connector of this build.
public enum Catalog {
  /// Ready to run, in the order of `descriptions`.
  public static func all(
    curl: CurlClient, children: ChildProcesses, brokers: Brokers = Brokers()
  ) -> [any Connector] {
    [
      Shell(children: children), Python(children: children), ProcessRun(children: children),
      HTTPRequestConnector(client: curl), HTTPDownload(client: curl), CSVRead(client: curl),
      FeedRead(client: curl), TextExtract(), ObjectPut(client: curl),
      ObjectGet(client: curl), ObjectList(client: curl),
      WebhookSend(client: curl), Notify(), EmailSend(), Fail(),
      FilesRead(), FilesWrite(), FilesList(), FilesCopy(), FilesMove(), FilesRemove(), FilesHash(),
      FilesConcatenate(), ObjectDelete(client: curl), ArchivePack(), ArchiveUnpack(),
      HTMLSelect(client: curl),
      XMLSelect(client: curl), JSONTransform(),
      NistParse(), NistValidate(), NistExtract(), NistSynthesize(),
      SQLQuery(), SQLExecute(), SQLLoad(), SQLValidate(),
      S3Put(client: curl), S3Get(client: curl), S3List(client: curl), S3Copy(client: curl),
      S3Presign(client: curl), S3Delete(client: curl),
      SlackSend(client: curl), TeamsSend(client: curl), TelegramSend(client: curl),
      EventEmit(), PipelinePause(), PipelineResume(), QueueExport(), QueuePurge(),
      RedisCommandConnector(brokers: brokers), AMQPPublish(brokers: brokers), AMQPRequest(brokers: brokers),
      CeleryTask(brokers: brokers), KafkaPublish(),
      AirflowRun(client: curl), AirflowList(client: curl), ScrapyCrawl(children: children),
      LLMChat(client: curl), SearchIndex(client: curl), CloudflareKV(client: curl), AthenaQuery(client: curl),
    ]
  }

  /// What is known of them without anything to run them with.
  public static var descriptions: [ConnectorDescription] {
    [
      Shell.description, Python.description, ProcessRun.description, HTTPRequestConnector.description,
      HTTPDownload.description, CSVRead.description, FeedRead.description, TextExtract().description,
      ObjectPut.description, ObjectGet.description, ObjectList.description, WebhookSend.description,
      Notify.description, EmailSend.description, Fail.description,
      FilesRead.description, FilesWrite.description, FilesList.description, FilesCopy.description,
      FilesMove.description, FilesRemove.description, FilesHash.description, FilesConcatenate.description,
      ObjectDelete.description, ArchivePack.description, ArchiveUnpack.description, HTMLSelect.description,
      XMLSelect.description, JSONTransform.description,
      NistParse.description, NistValidate.description, NistExtract.description, NistSynthesize.description,
      SQLQuery.description, SQLExecute.description, SQLLoad.description, SQLValidate.description,
      S3Put.description, S3Get.description, S3List.description, S3Copy.description, S3Presign.description,
      S3Delete.description,
      SlackSend.description, TeamsSend.description, TelegramSend.description,
      EventEmit.description, PipelinePause.description, PipelineResume.description, QueueExport.description,
      QueuePurge.description,
      RedisCommandConnector.description, AMQPPublish.description, AMQPRequest.description,
      CeleryTask.description, KafkaPublish.description,
      AirflowRun.description, AirflowList.description, ScrapyCrawl.description, LLMChat.description,
      SearchIndex.description, CloudflareKV.description, AthenaQuery.description,
    ]
  }
}
