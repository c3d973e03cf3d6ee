// A client that a developer would write with plain SignalR, without this system's client. Prints a line when it is connected, and a line for each notification.
// Usage: node plain-client.js <address of the hub> <token>
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';

const [address, token] = process.argv.slice(2);
const connection = new HubConnectionBuilder()
  .withUrl(address, { accessTokenFactory: () => token })
  .configureLogging(LogLevel.None)
  .build();
connection.on('notification', notification => console.log(JSON.stringify(notification)));
await connection.start();
console.log('connected');
