package android.net;

public class ConnectivityManager {
    /** A class on Android, not an interface: Python cannot implement it. */
    public static class NetworkCallback {
        public void onAvailable(Network network) {}
        public void onLost(Network network) {}
    }
    public NetworkCallback registered;
    public void registerDefaultNetworkCallback(NetworkCallback callback) { registered = callback; }
    /** As Android does it: in a thread of its own. */
    public void comesBack() throws InterruptedException {
        Thread thread = new Thread(() -> registered.onAvailable(new Network()), "ConnectivityThread");
        thread.start();
        thread.join();
    }
}
