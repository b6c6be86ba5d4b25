// SPDX-License-Identifier: MIT
// How the Node peer makes a message durable: acknowledged by Kafka (acks=all) before anybody is told,
// and a consumer of the same process brings it from there into MongoDB.
//   KAFKA_BROKERS   host:port
//   KAFKA_TOPIC     made with ten partitions, unless it is there
//   KAFKA_SEND      each: kafkajs, one send a message; batch: kafkajs, one send for all of 2 ms;
//                   librdkafka: node-rdkafka, which gathers for 2 ms by itself
//   MONGO_URI       none: no consumer
'use strict';

const BROKERS = process.env.KAFKA_BROKERS;
const TOPIC = process.env.KAFKA_TOPIC;
const GROUP = `${TOPIC}-group`;
const PARTITIONS = 10;
const LINGER_MS = 2;

const record = (message) => ({ key: message.roomId, value: JSON.stringify(message) });

// The collection, and how it takes many messages at once.
async function store(uri) {
  const { MongoClient } = require('mongodb');
  const client = await new MongoClient(uri).connect();
  const messages = client.db('bench').collection('messages');
  await messages.createIndex({ roomId: 1, timestamp: -1 });
  await messages.createIndex({ id: 1 }, { unique: true });
  return (values) => messages.insertMany(values.map((value) => JSON.parse(value)), {
    ordered: false, writeConcern: { w: 'majority' },
  }).catch((error) => {
    if (error.code !== 11000) throw error; // it is there already
  });
}

async function withKafkajs(isBatching) {
  const { Kafka, logLevel, Partitioners } = require('kafkajs');
  const kafka = new Kafka({ brokers: [BROKERS], logLevel: logLevel.ERROR });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const send = (messages) => producer.send({ topic: TOPIC, acks: -1, messages });

  await producer.connect();
  if (process.env.MONGO_URI) {
    const insert = await store(process.env.MONGO_URI);
    const consumer = kafka.consumer({ groupId: GROUP });
    await consumer.connect();
    await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
    const joined = new Promise((resolve) => { consumer.on(consumer.events.GROUP_JOIN, resolve); });
    await consumer.run({ eachBatch: ({ batch }) => insert(batch.messages.map((m) => m.value)) });
    await joined;
  }
  if (!isBatching) {
    return (message) => send([record(message)]);
  }
  let gathered = null;
  return (message) => {
    if (gathered === null) {
      const messages = [];
      gathered = { messages, sent: new Promise((resolve, reject) => {
        setTimeout(() => {
          gathered = null;
          send(messages).then(resolve, reject);
        }, LINGER_MS);
      }) };
    }
    gathered.messages.push(record(message));
    return gathered.sent;
  };
}

const until = (emitter, event) => new Promise((resolve, reject) => {
  emitter.once(event, resolve);
  emitter.once('connection.failure', reject);
});

async function consumeWithLibrdkafka({ KafkaConsumer }) {
  const insert = await store(process.env.MONGO_URI);
  const consumer = new KafkaConsumer({
    'metadata.broker.list': BROKERS, 'group.id': GROUP, 'enable.auto.commit': false,
  }, { 'auto.offset.reset': 'earliest' });
  consumer.connect();
  await until(consumer, 'ready');
  consumer.subscribe([TOPIC]);
  consumer.setDefaultConsumeTimeout(50);
  const next = () => consumer.consume(2000, async (error, messages) => {
    if (!error && messages.length > 0) {
      await insert(messages.map((m) => m.value));
      consumer.commit();
    }
    setImmediate(next);
  });
  next();
}

async function withLibrdkafka() {
  const rdkafka = require('node-rdkafka');
  const producer = new rdkafka.HighLevelProducer({
    'metadata.broker.list': BROKERS, 'linger.ms': LINGER_MS,
  }, { acks: -1, partitioner: 'murmur2_random' });
  producer.connect();
  await until(producer, 'ready');
  producer.setPollInterval(1);
  if (process.env.MONGO_URI) {
    await consumeWithLibrdkafka(rdkafka);
  }
  return (message) => new Promise((resolve, reject) => {
    const { key, value } = record(message);
    producer.produce(TOPIC, null, Buffer.from(value), key, null, (error) => (error ? reject(error) : resolve()));
  });
}

async function makeTopic() {
  const { Kafka, logLevel } = require('kafkajs');
  const admin = new Kafka({ brokers: [BROKERS], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic: TOPIC, numPartitions: PARTITIONS }] });
  await admin.disconnect();
}

// A function that resolves when Kafka has the message.
async function connect() {
  await makeTopic();
  return process.env.KAFKA_SEND === 'librdkafka' ? withLibrdkafka() : withKafkajs(process.env.KAFKA_SEND === 'batch');
}

module.exports = { connect };
