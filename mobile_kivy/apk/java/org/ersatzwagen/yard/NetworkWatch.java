package org.ersatzwagen.yard;

import android.net.ConnectivityManager;
import android.net.Network;

/** NetworkCallback is a class, which the bridge to Python cannot extend; a Runnable is an interface, which it can. */
public final class NetworkWatch extends ConnectivityManager.NetworkCallback {
    private final Runnable available;

    public NetworkWatch(Runnable available) {
        this.available = available;
    }

    @Override
    public void onAvailable(Network network) {
        available.run();
    }
}
