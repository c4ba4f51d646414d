package android.app;

import android.content.ActivityNotFoundException;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import android.view.Window;

public class Activity extends Context {
    public static final int RESULT_OK = -1, RESULT_CANCELED = 0;
    /** Not Android's: why no other app is opened; null when it is. */
    public RuntimeException refuses;
    public Intent started;
    public int request;
    public final Window window = new Window();
    public final View content = new View();

    public void startActivity(Intent intent) { startActivityForResult(intent, -1, null); }
    public void startActivity(Intent intent, Bundle options) { startActivityForResult(intent, -1, options); }
    public void startActivityForResult(Intent intent, int code) { startActivityForResult(intent, code, null); }
    public void startActivityForResult(Intent intent, int code, Bundle options) {
        if (refuses != null) throw refuses;
        started = intent;
        request = code;
    }
    /** Android's thread of the window: everything that touches a view has to come from there. */
    public final void runOnUiThread(Runnable action) { new Thread(action, "window").start(); }
    public Window getWindow() { return window; }
    public View findViewById(int id) { return id == 0x01020002 ? content : null; }
    public int[] asked = new int[0];
    public final void requestPermissions(String[] permissions, int code) { asked = new int[] {permissions.length, code}; }

    public void noSuchApp() { refuses = new ActivityNotFoundException("No Activity found to handle Intent"); }
    public void notAllowed() { refuses = new SecurityException("Permission Denial: starting Intent"); }
}
