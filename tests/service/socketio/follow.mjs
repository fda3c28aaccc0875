// Follows one job: node follow.mjs URL JOB_ID [TOKEN]. Prints one JSON array [name, data] a line, ends with the job.
import { io } from "socket.io-client";

const [url, jobId, token] = process.argv.slice(2);
const print = (name, data) => console.log(JSON.stringify([name, data ?? null]));
const socket = io(url, { auth: token ? { token } : {}, transports: ["websocket"], reconnection: false });
const end = () => socket.disconnect();

socket.on("connect", () => {
  socket.emit("subscribe", { job_id: jobId }, (answer) => {
    print("answer", answer);
    if (!answer.ok) end();
  });
});
socket.on("connect_error", (error) => {
  print("connect_error", error.data);
  end();
});
socket.on("progress", (data) => print("progress", data));
for (const name of ["complete", "failed", "cancelled"]) {
  socket.on(name, (data) => {
    print(name, data);
    end();
  });
}
socket.on("signed-out", (data) => print("signed-out", data));
socket.on("disconnect", (reason) => print("disconnect", reason));
